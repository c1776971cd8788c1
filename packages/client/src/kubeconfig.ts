import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { parse } from "yaml";
import type { RestOptions } from "./rest-transport.ts";

interface Named {
  readonly name?: string;
  readonly [field: string]: unknown;
}

type Fields = Readonly<Record<string, unknown>>;

/**
 * Reads a kubeconfig file and gives what a context, the current one unless named, says: server, CA, client certificate
 * or token, from data fields or from files (relative to the kubeconfig). Throws an Error naming
 * the file and the field that is missing or wrong.
 */
export function loadKubeconfig(path: string, contextName?: string): RestOptions {
  try {
    return parseKubeconfig(readFileSync(path, "utf8"), path, contextName);
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    if (code === undefined) throw cause;
    throw new Error(`kubeconfig ${path}: ${message}`, { cause });
  }
}

/** The same of a text; `path` is where it is from, for messages and for the files it names. */
export function parseKubeconfig(text: string, path: string, contextName?: string): RestOptions {
  const document = parseDocument(text, path);
  const fail = (text: string): never => {
    throw new Error(`kubeconfig ${path}: ${text}`);
  };
  const find = (list: string, name: unknown): Fields => {
    const entries = (document[list] ?? []) as readonly Named[];
    const entry = entries.find((candidate) => candidate.name === name);
    const fields = entry?.[list.slice(0, -1)];
    if (typeof fields === "object" && fields !== null) return fields as Fields;
    return fail(`${list} has no entry "${String(name)}"`);
  };
  const context = find("contexts", contextName ?? document["current-context"]);
  const cluster = find("clusters", context["cluster"]);
  const user = context["user"] === undefined ? {} : find("users", context["user"]);
  const server = cluster["server"];
  if (typeof server !== "string") return fail("the cluster has no server");

  const read = (fields: Fields, field: string): string | undefined =>
    dataOf(fields, field) ?? fileOf(path, fields, field);
  return {
    server,
    ...optional("ca", read(cluster, "certificate-authority")),
    ...optional("cert", read(user, "client-certificate")),
    ...optional("key", read(user, "client-key")),
    ...optional("token", textOf(user, "token") ?? fileOf(path, user, "tokenFile")?.trim()),
    ...optional("tlsServerName", textOf(cluster, "tls-server-name")),
    ...(cluster["insecure-skip-tls-verify"] === true && { insecureSkipTlsVerify: true }),
  };
}

function parseDocument(text: string, path: string): Fields {
  try {
    const document: unknown = parse(text);
    if (typeof document === "object" && document !== null) return document as Fields;
  } catch (cause) {
    throw new Error(`kubeconfig ${path}: ${(cause as Error).message}`, { cause });
  }
  throw new Error(`kubeconfig ${path}: it is empty`);
}

function textOf(fields: Fields, field: string): string | undefined {
  const value = fields[field];
  return typeof value === "string" && value !== "" ? value : undefined;
}

function dataOf(fields: Fields, field: string): string | undefined {
  const data = textOf(fields, `${field}-data`);
  return data === undefined ? undefined : Buffer.from(data, "base64").toString("utf8");
}

function fileOf(path: string, fields: Fields, field: string): string | undefined {
  const file = textOf(fields, field);
  if (file === undefined) return undefined;
  try {
    return readFileSync(resolve(dirname(path), file), "utf8");
  } catch (cause) {
    throw new Error(`kubeconfig ${path}: ${field}: ${(cause as Error).message}`, { cause });
  }
}

function optional<K extends string>(
  name: K,
  value: string | undefined,
): Partial<Record<K, string>> {
  return value === undefined ? {} : ({ [name]: value } as Record<K, string>);
}

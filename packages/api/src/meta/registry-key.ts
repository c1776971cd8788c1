import type { Kind } from "../kinds/kind.ts";

/** What the name of an object in the registry is made of. */
export interface ObjectRef {
  readonly namespace?: string;
  readonly name: string;
}

const CLUSTER_WIDE = "_";

/**
 * Key of an object in the registry: `<resource>.<namespace|_>.<name>`, three NATS tokens. The
 * resource is the plural, followed by `/group` outside the core group, with the dots as slashes.
 * In the name `.` becomes `/` and all that NATS keys cannot hold becomes `=XX` (hex of the UTF-8
 * byte): Kubernetes names hold neither `/` nor `=`, so no two names share a key.
 */
export function registryKey(kind: Pick<Kind, "group" | "plural">, ref: ObjectRef): string {
  return `${resourceToken(kind)}.${namespaceToken(ref.namespace)}.${encodeName(ref.name)}`;
}

/** NATS subject filter for all objects of a kind, or those of one namespace. */
export function registryPrefix(kind: Pick<Kind, "group" | "plural">, namespace?: string): string {
  const resource = resourceToken(kind);
  return namespace === undefined ? `${resource}.>` : `${resource}.${namespaceToken(namespace)}.>`;
}

/** Namespace and name behind a key; undefined when the text is no key of the registry. */
export function parseRegistryKey(
  key: string,
): { resource: string; namespace?: string; name: string } | undefined {
  const [resource, namespace, name, ...rest] = key.split(".");
  if (!resource || !namespace || !name || rest.length > 0) return undefined;
  const decoded = decodeName(name);
  if (decoded === undefined) return undefined;
  return { resource, ...(namespace !== CLUSTER_WIDE && { namespace }), name: decoded };
}

/** How an object is called in logs, stores and queues: `ns/name`, or `name` when cluster-wide. */
export function namespacedName(object: { metadata: ObjectRef }): string {
  const { namespace, name } = object.metadata;
  return namespace === undefined || namespace === "" ? name : `${namespace}/${name}`;
}

function resourceToken({ group, plural }: Pick<Kind, "group" | "plural">): string {
  return group === "" ? plural : `${plural}/${group.replaceAll(".", "/")}`;
}

function namespaceToken(namespace: string | undefined): string {
  return namespace === undefined || namespace === "" ? CLUSTER_WIDE : encodeName(namespace);
}

const SAFE = /^[A-Za-z0-9_.-]*$/;

function encodeName(name: string): string {
  if (SAFE.test(name)) return name.replaceAll(".", "/");
  let encoded = "";
  for (const byte of new TextEncoder().encode(name)) encoded += encodeByte(byte);
  return encoded;
}

function encodeByte(byte: number): string {
  const character = String.fromCharCode(byte);
  if (character === ".") return "/";
  if (/[A-Za-z0-9_-]/.test(character)) return character;
  return `=${byte.toString(16).toUpperCase().padStart(2, "0")}`;
}

function decodeName(text: string): string | undefined {
  if (!/^(?:[A-Za-z0-9_/-]|=[0-9A-F]{2})*$/.test(text)) return undefined;
  if (!text.includes("=")) return text.replaceAll("/", ".");
  const percent = text.replaceAll("/", ".").replaceAll("=", "%");
  try {
    return decodeURIComponent(percent);
  } catch {
    return undefined;
  }
}

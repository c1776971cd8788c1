import { readFileSync } from "node:fs";
import { isAbsolute, join } from "node:path";
import { loadKubeconfig, type RestOptions } from "@kubehop/client";
import type { ApiServerAccess } from "../../cluster/cluster-access.ts";
import { CorefileError } from "../../corefile/corefile-error.ts";
import {
  type Directive,
  invalidArgument,
  parseNumber,
  takeArguments,
} from "../../corefile/directive.ts";

/** The properties that say which API server to follow, and how. */
export interface ApiProperties {
  readonly properties: Readonly<Record<string, (property: Directive) => void>>;
  /** What they said; undefined when none names an API server. */
  finish(): ApiServerAccess | undefined;
}

/** Creates readers of `endpoint`, `tls`, `kubeconfig` and `apiserver_…`; paths are from `folder`. */
export function createApiProperties(folder: string): ApiProperties {
  const limits = { qps: 0, burst: 0, maxInflight: 0 };
  let server: string | undefined;
  let credentials: Partial<RestOptions> = {};
  let fromFile: RestOptions | undefined;
  const resolve = (path: string): string => (isAbsolute(path) ? path : join(folder, path));
  const limit = (set: (value: number) => void) => (property: Directive) => {
    const [text = ""] = takeArguments(property, { min: 1, max: 1, syntax: `${property.name} N` });
    set(parseNumber(property, text, { min: 0, max: 1_000_000 }));
  };
  const properties = {
    endpoint(property: Directive) {
      const [url = ""] = takeArguments(property, { min: 1, max: 1, syntax: "endpoint URL" });
      server = readUrl(property, url);
    },
    tls(property: Directive) {
      takeArguments(property, { min: 3, max: 3, syntax: "tls CERT KEY CACERT" });
      const [cert = "", key = "", ca = ""] = property.args.map(({ text }) =>
        readFile(property, text, resolve(text)),
      );
      credentials = { cert, key, ca };
    },
    kubeconfig(property: Directive) {
      const range = { min: 1, max: 2, syntax: "kubeconfig FILE [CONTEXT]" };
      const [file = "", context] = takeArguments(property, range);
      fromFile = readKubeconfig(property, resolve(file), context);
    },
    apiserver_qps: limit((value) => (limits.qps = value)),
    apiserver_burst: limit((value) => (limits.burst = value)),
    apiserver_max_inflight: limit((value) => (limits.maxInflight = value)),
  };
  return {
    properties,
    finish() {
      if (fromFile === undefined && server === undefined) return undefined;
      const rest = { ...fromFile, ...credentials, ...(server === undefined ? {} : { server }) };
      return { rest: rest as RestOptions, limits };
    },
  };
}

function readUrl(property: Directive, text: string): string {
  const url = URL.parse(text);
  if (url?.protocol === "https:" || url?.protocol === "http:") return url.origin;
  throw invalidArgument(property, text, "a URL like https://192.0.2.1:6443");
}

function readFile(property: Directive, text: string, path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw invalidArgument(property, text, `a PEM file that can be read (${reason})`);
  }
}

function readKubeconfig(property: Directive, path: string, context?: string): RestOptions {
  try {
    return loadKubeconfig(path, context);
  } catch (error) {
    throw new CorefileError(
      property.position,
      error instanceof Error ? error.message : String(error),
    );
  }
}

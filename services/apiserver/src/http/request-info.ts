/** What a request to a resource does; `watch` and `deletecollection` are told from the URL. */
export type Verb =
  | "create"
  | "delete"
  | "deletecollection"
  | "get"
  | "list"
  | "patch"
  | "update"
  | "watch";

/** A request to a resource, read from its method and URL. */
export interface ResourceRequest {
  readonly verb: Verb;
  readonly group: string;
  readonly version: string;
  /** The resource in the path: `services`. */
  readonly plural: string;
  readonly subresource?: string;
  /** What follows the subresource in the path, as the client wrote it: `/metrics`, or `/`. */
  readonly subpath?: string;
  readonly namespace?: string;
  readonly name?: string;
}

/** Verb of a method on one object and on a collection. */
const VERBS: Readonly<Record<string, readonly [one: Verb, collection: Verb]>> = {
  GET: ["get", "list"],
  HEAD: ["get", "list"],
  POST: ["create", "create"],
  PUT: ["update", "update"],
  PATCH: ["patch", "patch"],
  DELETE: ["delete", "deletecollection"],
};

const NAMESPACE_SUBRESOURCES = new Set(["status", "finalize"]);

/**
 * Reads a URL path below /api/v1 or /apis/GROUP/VERSION (source: RequestInfoFactory of
 * k8s.io/apiserver). Gives undefined when the path or the method belongs to no resource.
 */
export function parseResourceRequest(
  method: string,
  path: string,
  query: URLSearchParams,
): ResourceRequest | undefined {
  const parts = decodePath(path);
  const groupVersion = parts === undefined ? undefined : takeGroupVersion(parts);
  if (parts === undefined || groupVersion === undefined) return undefined;
  const legacyWatch = parts[0] === "watch";
  if (legacyWatch) parts.shift();
  const target = withSubpath(path, parseTarget(parts));
  const verbs = VERBS[method];
  if (target === undefined || verbs === undefined) return undefined;
  const verb = verbs[target.name === undefined ? 1 : 0];
  const watches = legacyWatch || (verb === "list" && isTrue(query.get("watch")));
  return { ...groupVersion, ...target, verb: watches ? "watch" : verb };
}

/** Path and query of a request's target, which may name a host before them (RFC 9112 §3.2.2). */
export function splitTarget(target: string): { path: string; query: URLSearchParams } {
  const own = target.replace(ORIGIN, "");
  const mark = own.indexOf("?");
  const path = mark === -1 ? own : own.slice(0, mark);
  return { path, query: new URLSearchParams(mark === -1 ? "" : own.slice(mark + 1)) };
}

const ORIGIN = /^https?:\/\/[^/?]*/i;

/** `1`, `true` and an empty value mean true, as Go's query conversion has it. */
export function isTrue(text: string | null): boolean {
  return text !== null && text !== "0" && text.toLowerCase() !== "false";
}

function decodePath(path: string): string[] | undefined {
  try {
    return path
      .split("/")
      .filter((part) => part !== "")
      .map(decodeURIComponent);
  } catch {
    return undefined;
  }
}

function takeGroupVersion(parts: string[]): { group: string; version: string } | undefined {
  const root = parts.shift();
  if (root !== "api" && root !== "apis") return undefined;
  const group = root === "api" ? "" : parts.shift();
  const version = parts.shift();
  return group === undefined || version === undefined ? undefined : { group, version };
}

type Target = Pick<ResourceRequest, "plural" | "namespace" | "name" | "subresource" | "subpath">;

/** Only a proxied path has more behind its subresource; any other is none of ours. */
const PROXIED = /^\/(?:[^/]+\/){2,4}(?:nodes|pods|services)\/[^/]+\/proxy(?<subpath>\/.*)?$/;

function withSubpath(path: string, target: Target | undefined): Target | undefined {
  if (target?.subresource?.split("/")[0] !== "proxy") return target;
  const subpath = PROXIED.exec(path)?.groups?.["subpath"];
  return { ...target, subresource: "proxy", ...(subpath !== undefined && { subpath }) };
}

function parseTarget(parts: readonly string[]): Target | undefined {
  const [first, namespace, third] = parts;
  const inNamespace =
    first === "namespaces" &&
    namespace !== undefined &&
    third !== undefined &&
    !NAMESPACE_SUBRESOURCES.has(third);
  const [plural, name, ...subresource] = inNamespace ? parts.slice(2) : parts;
  if (plural === undefined) return undefined;
  return {
    plural,
    ...(inNamespace && { namespace }),
    ...(name !== undefined && { name }),
    ...(subresource.length > 0 && { subresource: subresource.join("/") }),
  };
}

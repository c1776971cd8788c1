import { parseFieldSelector } from "@kubehop/api";
import type { ResourceRequest } from "../http/request-info.ts";

/** A request to a resource, also one that is only asked about: its verb may be any word. */
export type ResourceAccess = Omit<ResourceRequest, "verb"> & { readonly verb: string };

/** A request to a path that belongs to no resource: its verb is the method in lower case. */
export interface PathAccess {
  readonly verb: string;
  readonly path: string;
}

/** What somebody wants to do. */
export type Access = ResourceAccess | PathAccess;

/** Whether an access is one to a resource. */
export function isResourceAccess(access: Access): access is ResourceAccess {
  return "plural" in access;
}

/** Verbs on collections, which a field selector may narrow to one object. */
const COLLECTIVE = new Set(["list", "watch", "deletecollection"]);

/** What a request does, for those who decide whether it may. */
export function accessOf(
  method: string,
  path: string,
  resource: ResourceRequest | undefined,
  query: URLSearchParams = new URLSearchParams(),
): Access {
  if (resource === undefined) return { verb: method.toLowerCase(), path };
  const name = resource.name ?? selectedName(resource, query);
  return name === undefined ? resource : { ...resource, name };
}

/** `fieldSelector=metadata.name=X` asks about X alone (source: RequestInfoFactory). */
function selectedName({ verb }: ResourceRequest, query: URLSearchParams): string | undefined {
  const text = query.get("fieldSelector");
  if (text === null || !COLLECTIVE.has(verb)) return undefined;
  try {
    const named = parseFieldSelector(text).find(
      ({ field, operator }) => field === "metadata.name" && operator === "=",
    );
    return named?.value;
  } catch {
    // The handler refuses what can't be read; nothing is narrowed by it.
    return undefined;
  }
}

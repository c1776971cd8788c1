import { type StatusError, statusError } from "@kubehop/api";
import type { ResourceRequest } from "../http/request-info.ts";
import { AUTHENTICATED, type UserInfo } from "./user.ts";

/** A request to a resource, also one that is only asked about: its verb may be any word. */
export type ResourceAccess = Omit<ResourceRequest, "verb"> & { readonly verb: string };

/** Paths anybody may read, as upstream's roles system:discovery and public-info-viewer grant. */
const PUBLIC = /^\/(?:healthz|livez|readyz|version|api|apis|openapi)(?:\/|$)/;

/**
 * Whether a user may send a request; throws 403 Forbidden when not. Everybody who is authenticated
 * may do everything; others may read health, version and discovery.
 */
export function authorize(
  user: UserInfo,
  method: string,
  path: string,
  resource: ResourceAccess | undefined,
): void {
  if (user.groups.includes(AUTHENTICATED)) return;
  const reads = method === "GET" || method === "HEAD";
  if (resource === undefined && reads && PUBLIC.test(path)) return;
  throw resource === undefined
    ? forbiddenPath(user, method, path)
    : forbiddenResource(user, resource);
}

function forbiddenPath(user: UserInfo, method: string, path: string): StatusError {
  const who = JSON.stringify(user.username);
  const why = `User ${who} cannot ${method.toLowerCase()} path ${JSON.stringify(path)}`;
  return statusError(403, "Forbidden", `forbidden: ${why}`, {});
}

function forbiddenResource(user: UserInfo, request: ResourceAccess): StatusError {
  const { group, plural, subresource, namespace, name } = request;
  const resource = subresource === undefined ? plural : `${plural}/${subresource}`;
  const subject = `${plural}${group === "" ? "" : `.${group}`}${name === undefined ? "" : ` ${JSON.stringify(name)}`}`;
  const where =
    namespace === undefined
      ? "at the cluster scope"
      : `in the namespace ${JSON.stringify(namespace)}`;
  const why =
    `User ${JSON.stringify(user.username)} cannot ${request.verb} resource ` +
    `${JSON.stringify(resource)} in API group ${JSON.stringify(group)} ${where}`;
  return statusError(403, "Forbidden", `${subject} is forbidden: ${why}`, {
    ...(name !== undefined && { name }),
    ...(group !== "" && { group }),
    kind: plural,
  });
}

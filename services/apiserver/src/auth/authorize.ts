import { type PolicyRule, type StatusError, statusError } from "@kubehop/api";
import {
  type Access,
  isResourceAccess,
  type PathAccess,
  type ResourceAccess,
} from "./attributes.ts";
import type { NodeAuthorizer } from "./nodes/node-authorizer.ts";
import { nodeOf } from "./nodes/node-user.ts";
import type { Grants } from "./rbac/grants.ts";
import { ruleAllows } from "./rbac/rules.ts";
import { MASTERS, type UserInfo } from "./user.ts";

/** What was decided, and why. */
export interface Decision {
  readonly allowed: boolean;
  /** Empty when there is nothing to say. */
  readonly reason: string;
}

/** The rules a user has, and which roles could not be found. */
export interface UserRules {
  readonly rules: readonly PolicyRule[];
  readonly errors: readonly string[];
}

/** Decides who may do what. */
export interface Authorizer {
  decide(user: UserInfo, access: Access): Decision;
  /** Throws 403 Forbidden unless the user may. */
  authorize(user: UserInfo, access: Access): void;
  rulesFor(user: UserInfo, namespace?: string): UserRules;
}

/**
 * Creates the authorizer: what a kubelet may do for its node, then RBAC (roles and the bindings that
 * give them). The group system:masters may do everything even when all roles are lost.
 */
export function createAuthorizer(grants: Grants, nodes: NodeAuthorizer): Authorizer {
  const decide: Authorizer["decide"] = (user, access) => {
    if (user.groups.includes(MASTERS)) return { allowed: true, reason: "" };
    const node = nodeOf(user);
    const asNode = node === undefined ? undefined : nodes(node, access);
    if (asNode === true) return { allowed: true, reason: "" };
    const missing: string[] = [];
    const namespace = isResourceAccess(access) ? access.namespace : undefined;
    for (const grant of grants.of(user, namespace)) {
      const { rules, roleRef } = grant;
      if (rules === undefined) {
        missing.push(notFoundText(roleRef));
      } else if (rules.some((rule) => ruleAllows(rule, access))) {
        return { allowed: true, reason: `RBAC: allowed by ${grant.describe()}` };
      }
    }
    const reasons = [asNode, missing.length === 0 ? undefined : `RBAC: ${joined(missing)}`];
    return { allowed: false, reason: reasons.filter((text) => text !== undefined).join(", ") };
  };
  return {
    decide,
    authorize(user, access) {
      const { allowed, reason } = decide(user, access);
      if (!allowed) throw forbiddenAccess(user, access, reason);
    },
    rulesFor(user, namespace) {
      const rules: PolicyRule[] = [];
      const errors: string[] = [];
      if (nodeOf(user) !== undefined) {
        errors.push("node authorizer does not support user rule resolution");
      }
      for (const { rules: own, roleRef } of grants.of(user, namespace)) {
        if (own === undefined) errors.push(notFoundText(roleRef));
        else rules.push(...own);
      }
      return { rules, errors };
    },
  };
}

/** 403 in upstream's words (apiserver/pkg/endpoints/handlers/responsewriters/errors.go). */
function forbiddenAccess(user: UserInfo, access: Access, reason: string): StatusError {
  return isResourceAccess(access)
    ? forbiddenResource(user, access, reason)
    : forbiddenPath(user, access, reason);
}

function forbiddenPath(user: UserInfo, { verb, path }: PathAccess, reason: string): StatusError {
  const who = JSON.stringify(user.username);
  const why = `User ${who} cannot ${verb} path ${JSON.stringify(path)}${suffix(reason)}`;
  return statusError(403, "Forbidden", `forbidden: ${why}`, {});
}

function forbiddenResource(user: UserInfo, request: ResourceAccess, reason: string): StatusError {
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
  return statusError(403, "Forbidden", `${subject} is forbidden: ${why}${suffix(reason)}`, {
    ...(name !== undefined && { name }),
    ...(group !== "" && { group }),
    kind: plural,
  });
}

function notFoundText({ kind, name }: { readonly kind: string; readonly name: string }): string {
  return `${kind.toLowerCase()}.rbac.authorization.k8s.io ${JSON.stringify(name)} not found`;
}

/** As Go prints an aggregate of errors: each once, in brackets when they are many. */
function joined(texts: readonly string[]): string {
  const [first = "", ...others] = new Set(texts);
  return others.length === 0 ? first : `[${[first, ...others].join(", ")}]`;
}

function suffix(reason: string): string {
  return reason === "" ? "" : `: ${reason}`;
}

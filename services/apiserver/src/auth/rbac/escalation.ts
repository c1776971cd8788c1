import {
  type ClusterRole,
  forbidden,
  type Kind,
  Kinds,
  type KubeObject,
  notFound,
  type PolicyRule,
  type Role,
  type RoleBinding,
} from "@kubehop/api";
import { isDeepStrictEqual } from "node:util";
import type { Authorizer } from "../authorize.ts";
import { MASTERS, type UserInfo } from "../user.ts";
import type { Grants } from "./grants.ts";
import { compactRules, formatRule, quotedList, uncoveredRules } from "./rules.ts";

/** Who writes what; `old` is absent for a create. */
export interface Write {
  readonly user: UserInfo;
  readonly kind: Kind;
  /** Namespace of the request: a body may leave it out. */
  readonly namespace: string | undefined;
  readonly object: KubeObject;
  readonly old?: KubeObject | undefined;
}

/** Everything there is: who aggregates rules must have it, for nobody knows what will come in. */
const EVERYTHING: readonly PolicyRule[] = [
  { verbs: ["*"], apiGroups: ["*"], resources: ["*"] },
  { verbs: ["*"], nonResourceURLs: ["*"] },
];
/** API group of roles and bindings. */
export const RBAC_GROUP = "rbac.authorization.k8s.io";

/** Who knows what everybody has. */
interface Deps {
  readonly authorizer: Authorizer;
  readonly grants: Grants;
}

const CHECKS: Readonly<Record<string, (deps: Deps, write: Write) => void>> = {
  Role: checkRole,
  ClusterRole: checkRole,
  RoleBinding: checkBinding,
  ClusterRoleBinding: checkBinding,
};

/**
 * Creates the check that nobody gives away more than he has (source: pkg/registry/rbac): rules of a
 * role that is written, and rules of the role a binding names, must be rules of the writer's, unless
 * he has the verb `escalate` on the role or `bind` on the role named. Throws 403, or 404 for a
 * binding to a role that does not exist.
 */
export function createEscalationCheck(
  authorizer: Authorizer,
  grants: Grants,
): (write: Write) => void {
  return (write) => {
    if (write.user.groups.includes(MASTERS)) return;
    CHECKS[write.kind.kind]?.({ authorizer, grants }, write);
  };
}

function checkRole(deps: Deps, write: Write): void {
  const { user, kind, namespace, object, old } = write;
  const { rules = [], aggregationRule } = object as Role & ClusterRole;
  const { name } = object.metadata;
  if (old !== undefined && sameFields(object, old, ["rules", "aggregationRule"])) return;
  if (mayDo(deps, user, { verb: "escalate", plural: kind.plural, name, namespace })) return;
  confirm(deps, write, rules);
  if (aggregationRule === undefined) return;
  if (uncoveredRules(deps.authorizer.rulesFor(user).rules, EVERYTHING).length === 0) return;
  throw forbidden(kind, name, "must have cluster-admin privileges to use an aggregationRule");
}

function checkBinding(deps: Deps, write: Write): void {
  const { user, namespace, object, old } = write;
  const { roleRef } = object as Partial<RoleBinding> & KubeObject;
  if (old !== undefined && sameFields(object, old, ["roleRef", "subjects"])) return;
  const role = roleRef?.kind === "Role" ? Kinds.Role : Kinds.ClusterRole;
  const name = roleRef?.name ?? "";
  if (mayDo(deps, user, { verb: "bind", plural: role.plural, name, namespace })) return;
  const reference = { apiGroup: RBAC_GROUP, kind: role.kind, name };
  const rules = deps.grants.rulesOf(reference, namespace);
  if (rules === undefined) throw notFound(role, name);
  confirm(deps, write, rules);
}

interface Deed {
  readonly verb: "bind" | "escalate";
  readonly plural: string;
  readonly name: string;
  readonly namespace: string | undefined;
}

function mayDo({ authorizer }: Deps, user: UserInfo, { namespace, ...deed }: Deed): boolean {
  const scope = namespace === undefined ? {} : { namespace };
  return authorizer.decide(user, { ...deed, ...scope, group: RBAC_GROUP, version: "v1" }).allowed;
}

/** Throws 403 when the writer lacks some of the rules (source: rbac/validation ConfirmNoEscalation). */
function confirm(
  { authorizer }: Deps,
  { user, kind, namespace, object }: Write,
  wanted: readonly PolicyRule[],
): void {
  const { name } = object.metadata;
  const { rules, errors } = authorizer.rulesFor(user, namespace);
  const missing = uncoveredRules(rules, wanted);
  if (missing.length === 0) return;
  const texts = new Set(compactRules(missing).map(formatRule));
  const failed = errors.length === 0 ? "" : `; resolution errors: [${errors.join(" ")}]`;
  const why =
    `user ${JSON.stringify(user.username)} (groups=${quotedList(user.groups)}) is attempting ` +
    `to grant RBAC permissions not currently held:\n${[...texts].sort().join("\n")}${failed}`;
  throw forbidden(kind, name, why);
}

function sameFields(object: KubeObject, old: KubeObject, fields: readonly string[]): boolean {
  return fields.every((field) => isDeepStrictEqual(object[field], old[field]));
}

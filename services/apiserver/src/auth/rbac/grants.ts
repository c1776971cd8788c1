import {
  type ClusterRole,
  type ClusterRoleBinding,
  type Kind,
  Kinds,
  type KubeObject,
  type PolicyRule,
  registryKey,
  registryPrefix,
  type Role,
  type RoleBinding,
  type RoleRef,
  type Subject,
} from "@kubehop/api";
import type { WatchCache } from "../../watch/cache.ts";
import type { UserInfo } from "../user.ts";

/** What one binding gives to one subject. */
export interface Grant {
  /** Undefined when the role does not exist. */
  readonly rules: readonly PolicyRule[] | undefined;
  readonly roleRef: RoleRef;
  /** `ClusterRoleBinding "x" of ClusterRole "y" to User "z"`: why something is allowed. */
  describe(): string;
}

/** Who has been given what. */
export interface Grants {
  /** What a user has in the whole cluster and, with a namespace, in that one. */
  of(user: UserInfo, namespace?: string): Iterable<Grant>;
  /** Rules of a role as a binding in a namespace names it; undefined when there is none. */
  rulesOf(roleRef: RoleRef, namespace?: string): readonly PolicyRule[] | undefined;
}

type BySubject = ReadonlyMap<string, readonly Grant[]>;

interface Index {
  readonly cluster: BySubject;
  /** By namespace. */
  readonly namespaced: ReadonlyMap<string, BySubject>;
}

const KINDS: readonly Kind[] = [
  Kinds.Role,
  Kinds.ClusterRole,
  Kinds.RoleBinding,
  Kinds.ClusterRoleBinding,
];

/**
 * Follows roles and bindings in the watch cache. The index by subject is made anew at the first
 * question after one of them changed: then a question costs the user's own grants alone.
 */
export function createGrants(cache: WatchCache): Grants {
  let index: Index | undefined;
  const follow = (kind: Kind): void => {
    const resource = registryPrefix(kind).slice(0, -2);
    cache.subscribe(resource, cache.revision(), {
      onEvent: () => (index = undefined),
      onReset: () => {
        index = undefined;
        follow(kind);
      },
    });
  };
  for (const kind of KINDS) follow(kind);
  const rulesOf: Grants["rulesOf"] = (roleRef, namespace) => {
    const isClusterRole = roleRef.kind === "ClusterRole";
    const kind = isClusterRole ? Kinds.ClusterRole : Kinds.Role;
    const scope = isClusterRole || namespace === undefined ? {} : { namespace };
    const entry = cache.get(registryKey(kind, { ...scope, name: roleRef.name }));
    return entry === undefined ? undefined : ((entry.object as Role | ClusterRole).rules ?? []);
  };
  return {
    rulesOf,
    *of(user, namespace) {
      index ??= buildIndex(cache, rulesOf);
      const local = namespace === undefined ? undefined : index.namespaced.get(namespace);
      for (const map of [index.cluster, local]) {
        if (map === undefined) continue;
        for (const key of keysOf(user)) yield* map.get(key) ?? [];
      }
    },
  };
}

function buildIndex(cache: WatchCache, rulesOf: Grants["rulesOf"]): Index {
  const cluster = new Map<string, Grant[]>();
  const namespaced = new Map<string, Map<string, Grant[]>>();
  for (const binding of objectsOf<ClusterRoleBinding>(cache, Kinds.ClusterRoleBinding)) {
    addBinding(cluster, binding, rulesOf(binding.roleRef));
  }
  for (const binding of objectsOf<RoleBinding>(cache, Kinds.RoleBinding)) {
    const { namespace = "" } = binding.metadata;
    const map = namespaced.get(namespace) ?? new Map<string, Grant[]>();
    namespaced.set(namespace, map);
    addBinding(map, binding, rulesOf(binding.roleRef, namespace));
  }
  return { cluster, namespaced };
}

function objectsOf<T extends KubeObject>(cache: WatchCache, kind: Kind): T[] {
  const { entries } = cache.list(registryPrefix(kind).slice(0, -1));
  return entries.map(({ object }) => object as T);
}

function addBinding(
  map: Map<string, Grant[]>,
  binding: RoleBinding | ClusterRoleBinding,
  rules: readonly PolicyRule[] | undefined,
): void {
  const { roleRef, subjects = [], metadata } = binding;
  for (const subject of subjects) {
    const key = keyOfSubject(subject, metadata.namespace);
    if (key === undefined) continue;
    const describe = (): string => describeGrant(binding, subject);
    map.set(key, [...(map.get(key) ?? []), { rules, roleRef, describe }]);
  }
}

/** A user is found by its name and by its groups. */
function keysOf({ username, groups }: UserInfo): string[] {
  return [`User/${username}`, ...groups.map((group) => `Group/${group}`)];
}

/** A ServiceAccount is the user `system:serviceaccount:NAMESPACE:NAME`. */
function keyOfSubject(subject: Subject, bindingNamespace = ""): string | undefined {
  const { kind, name } = subject;
  switch (kind) {
    case "User":
    case "Group":
      return `${kind}/${name}`;
    case "ServiceAccount": {
      const namespace = subject.namespace ?? bindingNamespace;
      return namespace === "" ? undefined : `User/system:serviceaccount:${namespace}:${name}`;
    }
    default:
      return undefined;
  }
}

/** In the words of plugin/pkg/auth/authorizer/rbac. */
function describeGrant(
  { kind, metadata, roleRef }: KubeObject & { roleRef: RoleRef },
  subject: Subject,
): string {
  const { name, namespace = "" } = metadata;
  const binding = namespace === "" ? name : `${name}/${namespace}`;
  const who =
    subject.kind === "ServiceAccount"
      ? `${subject.name}/${subject.namespace ?? namespace}`
      : subject.name;
  return (
    `${kind} ${JSON.stringify(binding)} of ${roleRef.kind} ${JSON.stringify(roleRef.name)} ` +
    `to ${subject.kind} ${JSON.stringify(who)}`
  );
}

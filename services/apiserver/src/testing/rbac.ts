import {
  type Kind,
  Kinds,
  type KubeObject,
  type PolicyRule,
  registryKey,
  type Subject,
} from "@kubehop/api";
import { encodeObject } from "../storage/entry.ts";
import { createWatchCache, type WatchCache } from "../watch/cache.ts";

/** A watch cache that objects are put into by hand. */
export interface TestCache {
  readonly cache: WatchCache;
  put(kind: Kind, object: KubeObject): void;
  remove(kind: Kind, object: KubeObject): void;
}

/** Creates an empty cache. */
export function createTestCache(): TestCache {
  const cache = createWatchCache({ events: 100, bytes: 1_000_000 });
  cache.load([], 1);
  const keyOf = (kind: Kind, { metadata: { namespace, name } }: KubeObject): string =>
    registryKey(kind, { name, ...(namespace !== undefined && { namespace }) });
  return {
    cache,
    put(kind, object) {
      const key = keyOf(kind, object);
      const value = encodeObject(object);
      cache.apply({ key, revision: cache.revision() + 1, deleted: false, value });
    },
    remove(kind, object) {
      const lastValue = encodeObject(object);
      cache.apply({
        key: keyOf(kind, object),
        revision: cache.revision() + 1,
        deleted: true,
        lastValue,
      });
    },
  };
}

/** A role; with a namespace a Role, else a ClusterRole. */
export function roleOf(name: string, rules: PolicyRule[], namespace?: string): KubeObject {
  return {
    apiVersion: "rbac.authorization.k8s.io/v1",
    kind: namespace === undefined ? "ClusterRole" : "Role",
    metadata: { name, uid: name, ...(namespace !== undefined && { namespace }) },
    rules,
  };
}

/** A binding of `Kind/name`; with a namespace a RoleBinding, else a ClusterRoleBinding. */
export function bindingOf(
  name: string,
  role: string,
  subjects: Subject[],
  namespace?: string,
): KubeObject {
  const [kind = "", roleName = ""] = role.split("/");
  return {
    apiVersion: "rbac.authorization.k8s.io/v1",
    kind: namespace === undefined ? "ClusterRoleBinding" : "RoleBinding",
    metadata: { name, uid: name, ...(namespace !== undefined && { namespace }) },
    subjects,
    roleRef: { apiGroup: "rbac.authorization.k8s.io", kind, name: roleName },
  };
}

/** Puts roles and bindings into a cache. */
export function putAll({ put }: TestCache, objects: readonly KubeObject[]): void {
  for (const object of objects) put(Kinds[object.kind as "Role"], object);
}

import {
  type DeleteOptions,
  type Draft,
  isConflict,
  isNotFound,
  type Kind,
  type KubeObject,
  namespacedName,
} from "@kubehop/api";
import type { Informer, PatchType, RestClient } from "@kubehop/client";
import { cacheOf, type Caches } from "./caches.ts";
import { isDeleting, uidOf } from "./owners.ts";

/**
 * Writes through the API server and resolves only when our own cache shows the write. A reconcile
 * therefore never starts from a cache that lacks what the one before it did, and needs no record
 * of expected changes: the registry has one line of revisions, so "my cache is at least there" is
 * one comparison with the object's own. It costs about a millisecond a write.
 */
export interface Writer {
  create<T extends KubeObject>(kind: Kind<T>, object: Draft<T>): Promise<T>;
  update<T extends KubeObject>(
    kind: Kind<T>,
    object: T,
    options?: { readonly subresource?: "status" },
  ): Promise<T>;
  patch<T extends KubeObject>(
    kind: Kind<T>,
    object: T,
    patch: { readonly type: PatchType; readonly body: unknown },
    options?: { readonly subresource?: string },
  ): Promise<T>;
  /**
   * Deletes exactly this object (its uid is the precondition); gone or replaced already is fine.
   * Resolves when the cache shows it gone or terminating.
   */
  delete<T extends KubeObject>(kind: Kind<T>, object: T, options?: DeleteOptions): Promise<void>;
}

/** A cache that does not follow for so long has lost the bus; the key is tried again later. */
const FOLLOW_DEADLINE_MS = 5_000;

/** Creates the writer over the client and the caches. */
export function createWriter(rest: RestClient, caches: Caches): Writer {
  const written = async <T extends KubeObject>(kind: Kind<T>, object: T): Promise<T> => {
    const cache = cacheOf(caches, kind);
    await follows(kind, cache, () => shows(cache, object) || lacks(cache, object));
    // Its deletion came already, or another object's write overtook this one.
    if (!shows(cache, object) && (await exists(kind, object))) {
      await follows(kind, cache, () => shows(cache, object));
    }
    return object;
  };
  const exists = async (kind: Kind, { metadata }: KubeObject): Promise<boolean> => {
    try {
      return (await rest.get(kind, metadata)).metadata.uid === metadata.uid;
    } catch (error) {
      if (isNotFound(error)) return false;
      throw error;
    }
  };
  return {
    create: async (kind, object) => written(kind, await rest.create(kind, object)),
    update: async (kind, object, options) =>
      written(kind, await rest.update(kind, object, options)),
    patch: async (kind, object, patch, options) =>
      written(kind, await rest.patch(kind, object.metadata, patch, options)),
    async delete(kind, object, options = {}) {
      const uid = uidOf(object);
      try {
        await rest.delete(kind, object.metadata, { ...options, preconditions: { uid } });
      } catch (error) {
        if (!isNotFound(error) && !isConflict(error)) throw error;
      }
      const cache = cacheOf(caches, kind);
      const key = namespacedName(object);
      await follows(kind, cache, () => {
        const cached = cache.store.get(key);
        return cached === undefined || cached.metadata.uid !== uid || isDeleting(cached);
      });
    },
  };
}

/** Whether a cache has this version of an object, or a newer one. */
function shows(cache: Informer<KubeObject>, object: KubeObject): boolean {
  const cached = cache.store.get(namespacedName(object));
  return cached !== undefined && revisionOf(cached) >= revisionOf(object);
}

/** Whether a cache that is past this version of an object has no such object. */
function lacks(cache: Informer<KubeObject>, object: KubeObject): boolean {
  const cached = cache.store.get(namespacedName(object));
  return cached === undefined && cache.revision() >= revisionOf(object);
}

function revisionOf({ metadata }: KubeObject): number {
  return Number(metadata.resourceVersion);
}

async function follows<T extends KubeObject>(
  kind: Kind,
  cache: Informer<T>,
  isThere: () => boolean,
): Promise<void> {
  if (isThere()) return;
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  using _change = cache.onChange(() => {
    if (isThere()) resolve();
  });
  const timer = setTimeout(() => {
    reject(new Error(`the cache of ${kind.plural} lags behind its own writes: is the bus away?`));
  }, FOLLOW_DEADLINE_MS);
  try {
    await promise;
  } finally {
    clearTimeout(timer);
  }
}

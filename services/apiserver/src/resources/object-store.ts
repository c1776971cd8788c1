import {
  type KubeObject,
  requestEntityTooLarge,
  type StatusError,
  statusError,
} from "@kubehop/api";
import { createEntry, encodeObject, type Entry } from "../storage/entry.ts";
import { type Storage, StorageUnavailable } from "../storage/storage.ts";
import type { WatchCache } from "../watch/cache.ts";
import { shareQuestion } from "./shared-question.ts";

/** Largest object the registry takes, bytes of JSON. */
const OBJECT_LIMIT = 2_097_152;

/** How long a reader waits for what others have written, ms. */
const CATCH_UP_DEADLINE_MS = 3_000;

/** How long a write known to be stored may take to come through the watch cache, ms. */
const APPLY_DEADLINE_MS = 5_000;

/**
 * Writes objects. Each write resolves only when the registry has confirmed it and the watch cache
 * has applied it, so that whoever hears of it can read it. Rejects with RevisionConflict when
 * somebody else wrote the key, with 504 when the registry stays away.
 *
 * The watch cache may lag behind the registry: behind what another API server has written, and
 * behind what a client has seen on the bus. So "no" is only said after asking the registry, and a
 * reader who wants the newest state catches up first.
 */
export interface ObjectStore {
  /** The object from the cache; undefined only when the registry, too, has none. */
  find(key: string): Promise<Entry | undefined>;
  /** Waits until the cache has applied the last write of a key; 504 when it does not in time. */
  refresh(key: string): Promise<void>;
  /**
   * Waits until the cache has applied every write that anybody had confirmed before the call. False
   * when the registry can't be reached, or the cache does not get there in time: then the cache
   * may lack some.
   */
  catchUp(): Promise<boolean>;
  create(key: string, object: KubeObject): Promise<Entry>;
  update(current: Entry, object: KubeObject): Promise<Entry>;
  /** Deletes; watchers get `final` as the last state. Gives it with the deletion's revision. */
  delete(current: Entry, final: KubeObject): Promise<Entry>;
}

/** Creates the store over the registry and the cache that follows it. */
export function createObjectStore(storage: Storage, cache: WatchCache): ObjectStore {
  const write = async (
    key: string,
    object: KubeObject,
    send: (bytes: Buffer) => Promise<number>,
  ): Promise<Entry> => {
    const bytes = encodeObject(object);
    if (bytes.length > OBJECT_LIMIT) throw requestEntityTooLarge(OBJECT_LIMIT);
    const revision = await applied(cache, () => send(bytes));
    return createEntry(key, revision, bytes);
  };
  const refresh = async (key: string): Promise<void> => {
    await applied(cache, () => storage.lastRevision(key));
  };
  const askRevision = shareQuestion(() => storage.revision());
  return {
    async find(key) {
      const known = cache.get(key);
      if (known !== undefined) return known;
      await refresh(key);
      return cache.get(key);
    },
    refresh,
    async catchUp() {
      try {
        const revision = await askRevision();
        if (revision <= cache.revision()) return true;
        await cache.applied(revision, AbortSignal.timeout(CATCH_UP_DEADLINE_MS));
        return true;
      } catch {
        return false;
      }
    },
    create: (key, object) => write(key, object, (bytes) => storage.create(key, bytes)),
    update: (current, object) =>
      write(current.key, object, (bytes) => storage.update(current.key, bytes, current.revision)),
    delete: (current, final) =>
      write(current.key, final, (bytes) => storage.delete(current.key, bytes, current.revision)),
  };
}

/** Gives the revision the registry answers with, once the cache has applied it. */
async function applied(cache: WatchCache, answer: () => Promise<number>): Promise<number> {
  try {
    const revision = await answer();
    if (revision > cache.revision()) {
      await cache.applied(revision, AbortSignal.timeout(APPLY_DEADLINE_MS));
    }
    return revision;
  } catch (error) {
    throw isUnconfirmed(error) ? timeout(error) : error;
  }
}

function isUnconfirmed(error: unknown): error is Error {
  if (error instanceof StorageUnavailable) return true;
  return error instanceof DOMException && error.name === "TimeoutError";
}

function timeout(cause: Error): StatusError {
  const why =
    cause instanceof StorageUnavailable
      ? cause.message
      : "this API server does not see yet what the registry holds; is nats-server running?";
  const message = `Timeout: request did not complete within the allotted timeout: ${why}`;
  return statusError(504, "Timeout", message, { retryAfterSeconds: 1 });
}

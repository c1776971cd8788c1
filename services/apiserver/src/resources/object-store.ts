import {
  type KubeObject,
  requestEntityTooLarge,
  type StatusError,
  statusError,
} from "@kubehop/api";
import { createEntry, encodeObject, type Entry } from "../storage/entry.ts";
import { type Storage, StorageUnavailable } from "../storage/storage.ts";
import type { WatchCache } from "../watch/cache.ts";

/** Largest object the registry takes, bytes of JSON. */
const OBJECT_LIMIT = 2_097_152;

/** How long a confirmed write may take to come back through the watch cache, ms. */
const APPLY_DEADLINE_MS = 5_000;

/**
 * Writes objects. Each write resolves only when the registry has confirmed it and the watch cache
 * has applied it, so that whoever hears of it can read it. Rejects with RevisionConflict when
 * somebody else wrote the key, with 504 when the registry stays away.
 */
export interface ObjectStore {
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
    try {
      const revision = await send(bytes);
      await cache.applied(revision, AbortSignal.timeout(APPLY_DEADLINE_MS));
      return createEntry(key, revision, bytes);
    } catch (error) {
      throw isUnconfirmed(error) ? timeout(error) : error;
    }
  };
  return {
    create: (key, object) => write(key, object, (bytes) => storage.create(key, bytes)),
    update: (current, object) =>
      write(current.key, object, (bytes) => storage.update(current.key, bytes, current.revision)),
    delete: (current, final) =>
      write(current.key, final, (bytes) => storage.delete(current.key, bytes, current.revision)),
  };
}

function isUnconfirmed(error: unknown): error is Error {
  if (error instanceof StorageUnavailable) return true;
  return error instanceof DOMException && error.name === "TimeoutError";
}

function timeout(cause: Error): StatusError {
  const why =
    cause instanceof StorageUnavailable
      ? cause.message
      : "the write was stored, but this API server does not see it yet; is nats-server running?";
  const message = `Timeout: request did not complete within the allotted timeout: ${why}`;
  return statusError(504, "Timeout", message, { retryAfterSeconds: 1 });
}

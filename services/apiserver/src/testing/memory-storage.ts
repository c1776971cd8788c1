import { RevisionConflict, type Storage } from "../storage/storage.ts";
import type { WatchCache } from "../watch/cache.ts";

/** A registry in memory that feeds caches at once. */
export function createMemoryStorage(...caches: readonly WatchCache[]): Storage {
  const revisions = new Map<string, { revision: number; live: boolean }>();
  let revision = 0;
  const write = async (key: string, value: Buffer, last: number, live = true): Promise<number> => {
    await Promise.resolve();
    const known = revisions.get(key);
    if ((known?.live === true ? known.revision : 0) !== last) throw new RevisionConflict(key);
    revision += 1;
    revisions.set(key, { revision, live });
    for (const cache of caches) {
      if (live) cache.apply({ key, revision, deleted: false, value });
      else cache.apply({ key, revision, deleted: true, lastValue: value });
    }
    return revision;
  };
  return {
    create: (key, value) => write(key, value, 0),
    update: (key, value, last) => write(key, value, last),
    delete: (key, value, last) => write(key, value, last, false),
    lastRevision: (key) => Promise.resolve(revisions.get(key)?.revision ?? 0),
    revision: () => Promise.resolve(revision),
  };
}

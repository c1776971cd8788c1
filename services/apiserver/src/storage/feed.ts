import { type Bus, watchRegistry } from "@kubehop/client";
import type { WatchCache } from "../watch/cache.ts";

/** Keeps a cache fed with the registry. Resolves when it holds everything; disposing ends it. */
export async function feedCache(bus: Bus, cache: WatchCache): Promise<AsyncDisposable> {
  const { promise: loaded, resolve } = Promise.withResolvers<void>();
  const watch = watchRegistry(bus, {
    filter: ">",
    onSnapshot(entries, revision) {
      cache.load(entries, revision);
      resolve();
    },
    onEntry: (entry) => cache.apply(entry),
    onGap: (revision) => cache.forget(revision),
  });
  await loaded;
  return watch;
}

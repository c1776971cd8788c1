import { conflict, type Kind, StatusError } from "@kubehop/api";
import type { Entry } from "../storage/entry.ts";
import { RevisionConflict } from "../storage/storage.ts";
import type { Resources } from "./resources.ts";
import { keyOf, type Target } from "./target.ts";

/** How often a write that lost a race of our own making is tried. */
const ATTEMPTS = 6;

/** Answers that depend on the stored object. (A missing one is looked for in the registry anyway.) */
const REFUSALS = new Set([400, 403, 409, 422]);

/**
 * Runs a read-change-write until it does not lose its race; `attempt` reads anew each time. Before
 * that the cache catches up with the registry: also before any refusal is believed, which may come
 * from a cache that lags behind what the client has seen. Throws 409 Conflict.
 */
export async function retryOnConflict<T>(
  resources: Pick<Resources, "cache" | "store">,
  target: Target & { readonly name: string },
  attempt: () => Promise<T>,
): Promise<T> {
  const { cache, store } = resources;
  const key = keyOf(target, target.name);
  for (let left = ATTEMPTS; ; left -= 1) {
    const seen = cache.get(key)?.revision;
    try {
      return await attempt();
    } catch (error) {
      if (!mayBeStale(error)) throw error;
      if (left <= 1) throw toConflict(error, target.kind, target.name);
      await store.refresh(key);
      const unchanged = cache.get(key)?.revision === seen;
      if (unchanged && !(error instanceof RevisionConflict)) throw error;
    }
  }
}

/**
 * Gives the entry that a change leaves as it is, if it is the newest: nothing is written, so no
 * compare-and-set would tell. Throws RevisionConflict when somebody has changed it meanwhile.
 */
export async function confirmNewest(
  { cache, store }: Pick<Resources, "cache" | "store">,
  entry: Entry,
): Promise<Entry> {
  await store.refresh(entry.key);
  if (cache.get(entry.key)?.revision === entry.revision) return entry;
  throw new RevisionConflict(entry.key);
}

function mayBeStale(error: unknown): boolean {
  if (error instanceof RevisionConflict) return true;
  return error instanceof StatusError && REFUSALS.has(error.code);
}

function toConflict(error: unknown, kind: Kind, name: string): unknown {
  return error instanceof RevisionConflict ? conflict(kind, name) : error;
}

import { conflict, isConflict, type Kind } from "@kubehop/api";
import { RevisionConflict } from "../storage/storage.ts";
import type { Resources } from "./resources.ts";
import { keyOf, type Target } from "./target.ts";

/** How often a write that lost a race of our own making is tried. */
const ATTEMPTS = 6;

/**
 * Runs a read-change-write until it does not lose its race; `attempt` reads anew each time. Before
 * that the cache catches up with the registry: also before a 409 is believed, which may come from
 * a cache that lags behind the version the client speaks of. Throws 409 Conflict.
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
      if (!isLost(error)) throw error;
      if (left <= 1) throw toConflict(error, target.kind, target.name);
      await store.refresh(key);
      const unchanged = cache.get(key)?.revision === seen;
      if (unchanged && isConflict(error)) throw error;
    }
  }
}

function isLost(error: unknown): boolean {
  return error instanceof RevisionConflict || isConflict(error);
}

function toConflict(error: unknown, kind: Kind, name: string): unknown {
  return error instanceof RevisionConflict ? conflict(kind, name) : error;
}

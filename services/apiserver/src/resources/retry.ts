import { conflict, type Kind } from "@kubehop/api";
import { setTimeout as delay } from "node:timers/promises";
import { RevisionConflict } from "../storage/storage.ts";

/** How often a write that lost a race of our own making is tried. */
const ATTEMPTS = 6;
const FIRST_PAUSE_MS = 2;

/**
 * Runs a read-change-write until it does not lose its race; `attempt` reads anew each time. A
 * pause lets the cache see the write that won. Throws 409 Conflict when it keeps losing, or at
 * once when `retriable` is false: then the client named the version it wants to replace.
 */
export async function retryOnConflict<T>(
  target: { readonly kind: Kind; readonly name: string; readonly retriable: boolean },
  attempt: () => Promise<T>,
): Promise<T> {
  let pause = FIRST_PAUSE_MS;
  for (let left = target.retriable ? ATTEMPTS : 1; ; left -= 1) {
    try {
      return await attempt();
    } catch (error) {
      if (!(error instanceof RevisionConflict)) throw error;
      if (left <= 1) throw conflict(target.kind, target.name);
      await delay(pause);
      pause *= 2;
    }
  }
}

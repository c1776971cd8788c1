import { type Event, Kinds, registryPrefix } from "@kubehop/api";
import type { Logger } from "@kubehop/kit";
import { RevisionConflict } from "../storage/storage.ts";
import { startPeriodic } from "./periodic.ts";
import type { Resources } from "./resources.ts";

const MAX_INTERVAL_MS = 60_000;
const MIN_INTERVAL_MS = 500;

/** Most Events removed in one round; the others go in the next. */
const BATCH = 5_000;

/**
 * Removes Events that nobody has updated for `ttlMs` (upstream gives them an etcd lease). Several
 * API servers may do so at a time: one of them wins. With 0 Events stay for ever.
 */
export function startEventExpiry(
  resources: Resources,
  { ttlMs, logger }: { readonly ttlMs: number; readonly logger: Logger },
): AsyncDisposable {
  const { cache, clock, store } = resources;
  const prefix = registryPrefix(Kinds.Event).slice(0, -1);
  const run = async (): Promise<void> => {
    const now = clock.now();
    const expired = cache
      .list(prefix)
      .entries.filter(({ object }) => isExpiredEvent(object as unknown as Event, now, ttlMs));
    for (const entry of expired.slice(0, BATCH)) {
      await store.delete(entry, entry.object).catch(ignoreLostRace);
    }
  };
  return startPeriodic({
    intervalMs: Math.min(MAX_INTERVAL_MS, Math.max(MIN_INTERVAL_MS, ttlMs / 4)),
    run: ttlMs === 0 ? () => Promise.resolve() : run,
    onFailure: (error) => {
      logger.warn({ err: error }, "expired Events could not be removed, will retry");
    },
  });
}

/** Whether all times of an Event lie `ttlMs` back; those in the future don't count. */
export function isExpiredEvent(event: Event, now: number, ttlMs: number): boolean {
  const { metadata, lastTimestamp, eventTime, series } = event;
  const times = [
    metadata.creationTimestamp,
    lastTimestamp,
    eventTime,
    series?.lastObservedTime,
  ].map((text) => Date.parse(text ?? ""));
  return !times.some((time) => time > now - ttlMs && time <= now);
}

/** Somebody updated or removed the Event meanwhile. */
function ignoreLostRace(error: unknown): void {
  if (!(error instanceof RevisionConflict)) throw error;
}

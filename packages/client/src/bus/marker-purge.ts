import type { JetStreamManager } from "@nats-io/jetstream";
import type { BusConnection } from "./connection.ts";
import { readSnapshot, type SnapshotEntry } from "./snapshot.ts";
import { REGISTRY_STREAM } from "./subjects.ts";

const INTERVAL_MS = 10 * 60_000;
/** A watcher that was away for longer notices deletions by what its list lacks. */
const RETENTION_MS = 60 * 60_000;

/**
 * Removes delete markers older than an hour, every ten minutes: nothing else would (the server's
 * own limit for markers needs 2.11). Disposing stops it.
 */
export function startMarkerPurge(
  connection: BusConnection,
  manager: JetStreamManager,
): AsyncDisposable {
  const stop = new AbortController();
  let running: Promise<void> = Promise.resolve();
  const timer = setInterval(() => {
    running = purgeMarkers(connection, manager, stop.signal).catch((error: unknown) => {
      const cause = (error as Error).message;
      connection.logger.warn({ cause }, "delete markers not purged, will retry");
    });
  }, INTERVAL_MS);
  timer.unref();
  return {
    async [Symbol.asyncDispose]() {
      clearInterval(timer);
      stop.abort();
      await running;
    },
  };
}

async function purgeMarkers(
  connection: BusConnection,
  manager: JetStreamManager,
  signal: AbortSignal,
): Promise<void> {
  const entries = await readSnapshot(connection, { filter: ">", keysOnly: true, signal });
  for (const marker of staleMarkers(entries, Date.now() - RETENTION_MS)) {
    if (signal.aborted) return;
    await manager.streams.deleteMessage(REGISTRY_STREAM, marker.revision, false).catch(() => {
      // Written over or purged by another API server meanwhile: gone either way.
    });
  }
}

/**
 * The delete markers written before `time` (unix ms). The newest message of all is never among
 * them: the last revision of a listing must not go back.
 */
export function staleMarkers(
  entries: readonly SnapshotEntry[],
  time: number,
): readonly SnapshotEntry[] {
  const newest = entries.at(-1);
  return entries.filter((entry) => entry.deleted && entry.time < time && entry !== newest);
}

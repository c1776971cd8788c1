import type { DataPlaneOptions } from "../dataplane.ts";

/** A flood of refused connections is one line in the log in so many ms. */
const INTERVAL_MS = 10_000;

/** Gives what to call for each connection above the limit: it warns, with their number, now and then. */
export function createLimitWarning({
  clock,
  logger,
  settings,
}: Pick<DataPlaneOptions, "clock" | "logger" | "settings">): () => void {
  let refused = 0;
  let warnedAt = Number.NEGATIVE_INFINITY;
  return () => {
    refused += 1;
    const now = clock.monotonic();
    if (now - warnedAt < INTERVAL_MS) return;
    const limit = settings.maxConnections;
    logger.warn({ limit, refused }, "connections reset: --max-connections are open");
    warnedAt = now;
    refused = 0;
  };
}

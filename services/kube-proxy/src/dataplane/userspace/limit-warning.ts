import type { DataPlaneOptions } from "../dataplane.ts";
import { createNowAndThen } from "./now-and-then.ts";

/** Gives what to call for each connection above the limit: it warns, with their number, now and then. */
export function createLimitWarning({
  clock,
  logger,
  settings,
}: Pick<DataPlaneOptions, "clock" | "logger" | "settings">): () => void {
  const isTime = createNowAndThen(clock);
  let refused = 0;
  return () => {
    refused += 1;
    if (!isTime()) return;
    const limit = settings.maxConnections;
    logger.warn({ limit, refused }, "connections reset: --max-connections are open");
    refused = 0;
  };
}

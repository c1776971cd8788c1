import type { DataPlaneOptions } from "../../dataplane.ts";

/** An address that cannot accept is one line in the log in so many ms. */
const INTERVAL_MS = 10_000;

/** Gives what to call for each failure to accept at a frontend: it warns now and then. */
export function createAcceptWarning(
  frontend: string,
  { clock, logger }: Pick<DataPlaneOptions, "clock" | "logger">,
): (err: Error) => void {
  let warnedAt = Number.NEGATIVE_INFINITY;
  return (err) => {
    const now = clock.monotonic();
    if (now - warnedAt < INTERVAL_MS) return;
    warnedAt = now;
    logger.warn({ frontend, err }, "accepting pauses: raise the limit of open files");
  };
}

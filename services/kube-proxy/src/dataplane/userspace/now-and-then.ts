import type { Clock } from "@kubehop/kit";

/** What may come in floods is one line in the log in so many ms. */
const INTERVAL_MS = 10_000;

/** Gives what tells each time whether it is time for a line again; the first time it is. */
export function createNowAndThen(clock: Pick<Clock, "monotonic">): () => boolean {
  let lastAt = Number.NEGATIVE_INFINITY;
  return () => {
    const now = clock.monotonic();
    if (now - lastAt < INTERVAL_MS) return false;
    lastAt = now;
    return true;
  };
}

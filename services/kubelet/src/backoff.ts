/** How long to wait before the same thing is tried again, by key. */
export interface Backoff {
  /** The unix ms before which a key must wait after an event of it; undefined when it need not. */
  waitUntil(key: string, eventTime: number, now: number): number | undefined;
  /** A try is made now: the next wait is twice as long, after a long quiet time as at first. */
  next(key: string, now: number): void;
  /** The present delay of a key in ms; 0 before its first try. */
  delay(key: string): number;
}

/** Delays in ms. */
export interface BackoffOptions {
  readonly base: number;
  readonly max: number;
}

/**
 * Exponential back-off as the kubelet's (client-go util/flowcontrol/backoff.go): the first failure
 * costs nothing, then base · 2ⁿ up to max; a key that was quiet for 2 · max begins again.
 */
export function createBackoff({ base, max }: BackoffOptions): Backoff {
  const entries = new Map<string, { delay: number; updated: number }>();
  return {
    waitUntil(key, eventTime, now) {
      const entry = entries.get(key);
      if (entry === undefined || now - entry.updated > 2 * max) return undefined;
      const until = eventTime + entry.delay;
      return until > now ? until : undefined;
    },
    next(key, now) {
      const entry = entries.get(key);
      const expired = entry === undefined || now - entry.updated > 2 * max;
      const delay = expired ? base : Math.min(entry.delay * 2, max);
      entries.set(key, { delay, updated: now });
    },
    delay: (key) => entries.get(key)?.delay ?? 0,
  };
}

/** A delay in ms as Go prints a duration: "10s", "2m40s", "1.5s". */
export function formatDelay(ms: number): string {
  const minutes = Math.floor(ms / 60_000);
  const seconds = (ms % 60_000) / 1_000;
  return minutes > 0 ? `${minutes}m${seconds}s` : `${seconds}s`;
}

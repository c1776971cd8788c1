/** How long to wait before a process that ended is started again. */
export interface BackOffOptions {
  readonly firstMs: number;
  readonly mostMs: number;
  /** A process that ran this long begins again at firstMs. */
  readonly stableMs: number;
}

/** 100 ms doubling to 5 s; forgotten after 10 s of running. */
export const DEFAULT_BACK_OFF: BackOffOptions = { firstMs: 100, mostMs: 5_000, stableMs: 10_000 };

/**
 * The next wait in ms, from the wait before it (0 at first) and how long the process ran.
 */
export function nextBackOff(previousMs: number, ranMs: number, options: BackOffOptions): number {
  if (previousMs === 0 || ranMs >= options.stableMs) return options.firstMs;
  return Math.min(previousMs * 2, options.mostMs);
}

/** Time as a process sees it; handed in so that a run can be repeated with another one. */
export interface Clock {
  /** Unix time in milliseconds, with a fraction. */
  now(): number;
  /** Milliseconds since some fixed moment; never goes back. */
  monotonic(): number;
}

/** Gives numbers in [0, 1). */
export type Random = () => number;

/** The machine's clock. */
export const systemClock: Clock = {
  now: () => performance.timeOrigin + performance.now(),
  monotonic: () => performance.now(),
};

/**
 * A repeatable source of numbers in [0, 1) for a 32-bit seed (mulberry32). It is for draws and
 * jitter, never for secrets.
 */
export function createRandom(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** Draws from a stream of random numbers in [0, 1); the same seed draws the same again. */
export interface Choice {
  /** A whole number from 0 to below a limit. */
  below(limit: number): number;
  /** True with a probability. */
  chance(probability: number): boolean;
  of<T>(all: readonly T[]): T;
}

/** Creates the draws of one random source. */
export function createChoice(random: () => number): Choice {
  const below = (limit: number): number => Math.floor(random() * limit);
  return {
    below,
    chance: (probability) => random() < probability,
    of: (all) => all[below(all.length)] as (typeof all)[number],
  };
}

import { createForwarderStats, type ForwarderStats } from "../../../forwarder-stats.ts";

/** Reads and writes one number of the statistics. */
interface Cell {
  get(): number;
  set(value: number): void;
}

/** Memory for the statistics of one thread. */
export function createStatsMemory(): SharedArrayBuffer {
  const { rejected, ...plain } = createForwarderStats();
  const numbers = Object.keys(plain).length + Object.keys(rejected).length;
  return new SharedArrayBuffer(numbers * Float64Array.BYTES_PER_ELEMENT);
}

/** Statistics that are kept in such memory: one thread adds to them, others may read. */
export function statsIn(memory: SharedArrayBuffer): ForwarderStats {
  const cells = new Float64Array(memory);
  let index = 0;
  return bindCells(createForwarderStats(), () => {
    const cell = index++;
    return { get: () => cells[cell] ?? 0, set: (value) => void (cells[cell] = value) };
  });
}

/** Makes each number of `stats` the sum of what it is now and of those of the parts at any time. */
export function sumUp(stats: ForwarderStats, parts: readonly ForwarderStats[]): void {
  bindCells(stats, (read) => {
    const own = read(stats);
    return { get: () => parts.reduce((sum, part) => sum + read(part), own), set: () => {} };
  });
}

type Read = (stats: ForwarderStats) => number;

/** Puts accessors in place of the numbers of `stats`, always in the same order. */
function bindCells(stats: ForwarderStats, cellFor: (read: Read) => Cell): ForwarderStats {
  const { rejected, ...plain } = stats;
  for (const key of Object.keys(plain) as (keyof typeof plain)[]) {
    Object.defineProperty(stats, key, { ...cellFor((from) => from[key]), enumerable: true });
  }
  for (const reason of Object.keys(rejected) as (keyof typeof rejected)[]) {
    const cell = cellFor((from) => from.rejected[reason]);
    Object.defineProperty(rejected, reason, { ...cell, enumerable: true });
  }
  return stats;
}

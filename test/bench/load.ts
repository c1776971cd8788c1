import { percentile } from "./percentile.ts";

/** What a load measured. */
export interface LoadSummary {
  readonly perSecond: number;
  /** Time of one operation, ms. */
  readonly p99: number;
  readonly count: number;
}

/** How much load. */
export interface LoadOptions {
  /** Operations under way at the same time. */
  readonly concurrency: number;
  /** Ends after so many operations … */
  readonly count?: number;
  /** … or so many seconds. */
  readonly seconds?: number;
  /** So long goes by before anything counts: a process compiles what is hot in it first. */
  readonly warmUpSeconds?: number;
}

/** Runs an operation again and again, several at a time; `index` counts them from 0. */
export async function runLoad(
  operation: (index: number) => Promise<void>,
  { concurrency, count = Infinity, seconds = Infinity, warmUpSeconds = 0 }: LoadOptions,
): Promise<LoadSummary> {
  const started = performance.now() + warmUpSeconds * 1_000;
  const end = started + seconds * 1_000;
  const times: number[] = [];
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < count && performance.now() < end) {
      const index = next;
      next += 1;
      const begin = performance.now();
      await operation(index);
      if (begin >= started) times.push(performance.now() - begin);
    }
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
  const elapsed = (performance.now() - started) / 1_000;
  return { perSecond: times.length / elapsed, p99: percentile(times, 99), count: times.length };
}

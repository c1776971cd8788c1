import type { ProbeClock } from "../probes/worker.ts";

/** A clock of tests that goes only when told. */
export interface ManualClock extends ProbeClock {
  /** Lets time pass; every callback that is due runs, in order, and what follows from it. */
  advance(ms: number): Promise<void>;
}

interface Due {
  readonly at: number;
  readonly callback: () => void;
}

/** Creates a clock that shows `start` (unix ms). */
export function createManualClock(start = 0): ManualClock {
  let now = start;
  const due = new Set<Due>();
  const settle = async (): Promise<void> => {
    for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
  };
  return {
    now: () => now,
    after(ms, callback) {
      const entry = { at: now + ms, callback };
      due.add(entry);
      return { [Symbol.dispose]: () => void due.delete(entry) };
    },
    async advance(ms) {
      const end = now + ms;
      await settle();
      for (;;) {
        const next = [...due].filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0];
        if (next === undefined) break;
        due.delete(next);
        now = next.at;
        next.callback();
        await settle();
      }
      now = end;
    },
  };
}

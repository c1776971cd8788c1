import type { Probe } from "@kubehop/api";
import { describe, expect, it } from "vitest";
import { createManualClock, type ManualClock } from "../testing/manual-clock.ts";
import type { ProbeType } from "./probe-result.ts";
import { startProbeWorker } from "./worker.ts";

interface Probed {
  readonly clock: ManualClock;
  readonly worker: Disposable;
  /** Times of tries, ms after the start. */
  readonly tries: number[];
  /** Times and values of verdicts. */
  readonly verdicts: [number, boolean][];
  readonly failures: number[];
  healthy: boolean;
}

function start(type: ProbeType, probe: Probe): Probed {
  const clock = createManualClock(1_000_000);
  const since = (): number => clock.now() - 1_000_000;
  const probed: Omit<Probed, "worker"> = {
    clock,
    tries: [],
    verdicts: [],
    failures: [],
    healthy: false,
  };
  const worker = startProbeWorker({
    type,
    probe,
    startedAt: 1_000_000,
    clock,
    run: async () => {
      probed.tries.push(since());
      return { success: probed.healthy, message: "" };
    },
    onVerdict: (success) => probed.verdicts.push([since(), success]),
    onResult: ({ success }) => {
      if (!success) probed.failures.push(since());
    },
  });
  return Object.assign(probed, { worker });
}

describe("startProbeWorker", () => {
  it("tries a program that does not answer yet again soon, without counting that", async () => {
    const probed = start("readiness", { periodSeconds: 1 });
    await probed.clock.advance(100);
    expect(probed.tries).toEqual([0, 20, 60]);
    probed.healthy = true;
    await probed.clock.advance(100);
    expect(probed.tries).toEqual([0, 20, 60, 140]);
    expect(probed.verdicts).toEqual([[140, true]]);
    expect(probed.failures).toEqual([]);
  });

  it("keeps to the period after the first one, and to failureThreshold", async () => {
    const probed = start("readiness", { periodSeconds: 1, failureThreshold: 2 });
    probed.healthy = true;
    await probed.clock.advance(1_500);
    probed.healthy = false;
    await probed.clock.advance(3_000);
    expect(probed.tries).toEqual([0, 1_000, 2_000, 3_000, 4_000]);
    expect(probed.failures).toEqual([2_000, 3_000, 4_000]);
    expect(probed.verdicts).toEqual([
      [0, true],
      [3_000, false],
    ]);
  });

  it("never hurries a liveness probe", async () => {
    const probed = start("liveness", { periodSeconds: 1, failureThreshold: 3 });
    await probed.clock.advance(2_500);
    expect(probed.tries).toEqual([0, 1_000, 2_000]);
    expect(probed.verdicts).toEqual([[2_000, false]]);
  });

  it("waits for the initial delay", async () => {
    const probed = start("liveness", { initialDelaySeconds: 5, periodSeconds: 10 });
    await probed.clock.advance(4_999);
    expect(probed.tries).toEqual([]);
    await probed.clock.advance(1);
    expect(probed.tries).toEqual([5_000]);
  });

  it("gives a readiness probe that never succeeds its verdict too", async () => {
    const probed = start("readiness", { periodSeconds: 1, failureThreshold: 1 });
    await probed.clock.advance(2_000);
    expect(probed.verdicts).toHaveLength(1);
    expect(probed.verdicts[0]?.[1]).toBe(false);
  });

  it("does nothing after it was disposed", async () => {
    const probed = start("readiness", { periodSeconds: 1 });
    probed.worker[Symbol.dispose]();
    await probed.clock.advance(5_000);
    expect(probed.tries).toEqual([]);
  });

  it("aborts a try at its timeout", async () => {
    const clock = createManualClock();
    const aborted: number[] = [];
    using _worker = startProbeWorker({
      type: "liveness",
      probe: { timeoutSeconds: 2, periodSeconds: 10, failureThreshold: 1 },
      startedAt: 0,
      clock,
      run: (signal) =>
        new Promise((_resolve, reject) => {
          signal.addEventListener("abort", () => {
            aborted.push(clock.now());
            reject(new Error("late"));
          });
        }),
      onVerdict: () => aborted.push(-1),
    });
    await clock.advance(3_000);
    expect(aborted).toEqual([2_000, -1]);
  });
});

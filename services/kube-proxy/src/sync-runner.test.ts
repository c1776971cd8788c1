import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createSyncRunner, type SyncRunnerOptions } from "./sync-runner.ts";

describe("createSyncRunner", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it("runs at once when asked, and once for many requests", async () => {
    const { runner, runs } = setUp();
    for (let n = 0; n < 5; n++) runner.request();
    expect(runs()).toBe(0);
    await vi.advanceTimersByTimeAsync(0);
    expect(runs()).toBe(1);
  });

  it("keeps the least interval between the end of a run and the next", async () => {
    const { runner, runs } = setUp({ minIntervalMs: 100 });
    runner.request();
    await vi.advanceTimersByTimeAsync(0);
    runner.request();
    await vi.advanceTimersByTimeAsync(99);
    expect(runs()).toBe(1);
    await vi.advanceTimersByTimeAsync(1);
    expect(runs()).toBe(2);
  });

  it("never runs twice at a time; a request during a run is the next one", async () => {
    const gate = Promise.withResolvers<void>();
    const { runner, runs } = setUp({}, () => gate.promise);
    runner.request();
    await vi.advanceTimersByTimeAsync(0);
    runner.request();
    runner.request();
    await vi.advanceTimersByTimeAsync(1_000);
    expect(runs()).toBe(1);
    gate.resolve();
    await vi.advanceTimersByTimeAsync(0);
    expect(runs()).toBe(2);
  });

  it("tries a failed run again after the retry interval, or when asked", async () => {
    const errors: unknown[] = [];
    let fails = true;
    const { runner, runs } = setUp({ onError: (error) => errors.push(error) }, async () => {
      if (fails) throw new Error("bus");
    });
    runner.request();
    await vi.advanceTimersByTimeAsync(0);
    expect(errors).toEqual([new Error("bus")]);
    await vi.advanceTimersByTimeAsync(29_999);
    expect(runs()).toBe(1);
    await vi.advanceTimersByTimeAsync(1);
    expect(runs()).toBe(2);
    fails = false;
    runner.request();
    await vi.advanceTimersByTimeAsync(0);
    expect(runs()).toBe(3);
    await vi.advanceTimersByTimeAsync(30_000);
    expect(runs()).toBe(3);
  });

  it("runs at least once in the largest interval", async () => {
    const { runner, runs } = setUp();
    runner.request();
    await vi.advanceTimersByTimeAsync(0);
    await vi.advanceTimersByTimeAsync(3_600_000);
    expect(runs()).toBe(2);
  });

  it("waits for the present run when disposed, and starts no other", async () => {
    const gate = Promise.withResolvers<void>();
    const { runner, runs } = setUp({}, () => gate.promise);
    runner.request();
    await vi.advanceTimersByTimeAsync(0);
    runner.request();
    const disposed = runner[Symbol.asyncDispose]();
    gate.resolve();
    await disposed;
    await vi.advanceTimersByTimeAsync(3_600_000);
    expect(runs()).toBe(1);
  });
});

function setUp(options: Partial<SyncRunnerOptions> = {}, work = async () => {}) {
  let runs = 0;
  const runner = createSyncRunner({
    sync: () => {
      runs += 1;
      return work();
    },
    minIntervalMs: 0,
    retryIntervalMs: 30_000,
    maxIntervalMs: 3_600_000,
    monotonic: () => performance.now(),
    onError: (error) => {
      throw error;
    },
    ...options,
  });
  return { runner, runs: () => runs };
}

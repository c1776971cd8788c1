import { statusError } from "@kubehop/api";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { runController } from "./controller.ts";
import { createWorkQueue } from "./workqueue.ts";

const SILENT = { debug() {}, info() {}, warn() {}, error() {} };

describe("work queue", () => {
  it("gives keys in the order they came, each once", async () => {
    const queue = createWorkQueue();
    for (const key of ["a", "b", "a", "c", "b"]) queue.add(key);
    expect(queue.length()).toBe(3);
    expect([await queue.get(), await queue.get(), await queue.get()]).toEqual(["a", "b", "c"]);
  });

  it("never gives a key to two workers, but again when it was added meanwhile", async () => {
    const queue = createWorkQueue();
    queue.add("a");
    await queue.get();
    queue.add("a");
    queue.add("a");
    expect(queue.length()).toBe(0);
    queue.done("a");
    expect(queue.length()).toBe(1);
    expect(await queue.get()).toBe("a");
    queue.done("a");
    expect(queue.length()).toBe(0);
  });

  it("hands a key to a worker that waits", async () => {
    const queue = createWorkQueue();
    const [first, second] = [queue.get(), queue.get()];
    queue.add("a");
    queue.add("b");
    expect([await first, await second]).toEqual(["a", "b"]);
  });

  it("ends all waiting when it is shut down, and takes nothing any more", async () => {
    const queue = createWorkQueue();
    const waiting = queue.get();
    queue.add("worked-on");
    await waiting;
    queue.add("dropped");
    const next = createWorkQueue();
    const blocked = next.get();
    next.shutDown();
    queue.shutDown();
    queue.add("late");
    expect([await queue.get(), await blocked]).toEqual([undefined, undefined]);
  });

  describe("with a clock", () => {
    beforeEach(() => {
      vi.useFakeTimers();
    });
    afterEach(() => {
      vi.useRealTimers();
    });

    it("doubles the delay of a key that fails, up to the limit", async () => {
      const queue = createWorkQueue({ baseDelayMs: 5, maxDelayMs: 30 });
      for (const delay of [5, 10, 20, 30, 30]) {
        queue.addRateLimited("a");
        await vi.advanceTimersByTimeAsync(delay - 1);
        expect(queue.length()).toBe(0);
        await vi.advanceTimersByTimeAsync(1);
        expect(await queue.get()).toBe("a");
        queue.done("a");
      }
      expect(queue.retries("a")).toBe(5);
      queue.forget("a");
      expect(queue.retries("a")).toBe(0);
    });

    it("has upstream's back-off by default: 5 ms to 1000 s", async () => {
      const queue = createWorkQueue();
      const delays: number[] = [];
      const timeout = vi.spyOn(globalThis, "setTimeout");
      for (let failure = 0; failure < 20; failure += 1) {
        queue.addRateLimited("a");
        delays.push(Number(timeout.mock.lastCall?.[1]));
        await vi.advanceTimersByTimeAsync(1_000_000);
        queue.done((await queue.get()) ?? "");
      }
      expect(delays.slice(0, 3)).toEqual([5, 10, 20]);
      expect(delays.at(-1)).toBe(1_000_000);
    });

    it("keeps the earliest of several delays of one key", async () => {
      const queue = createWorkQueue();
      queue.addAfter("a", 100);
      queue.addAfter("a", 10);
      queue.addAfter("a", 50);
      await vi.advanceTimersByTimeAsync(10);
      expect(queue.length()).toBe(1);
      await queue.get();
      queue.done("a");
      await vi.advanceTimersByTimeAsync(1_000);
      expect(queue.length()).toBe(0);
    });
  });

  it("tells its metrics", async () => {
    const depths: number[] = [];
    const counts = { added: 0, retried: 0, waited: 0, worked: 0 };
    const queue = createWorkQueue({
      metrics: {
        depth: (waiting) => depths.push(waiting),
        added: () => (counts.added += 1),
        retried: () => (counts.retried += 1),
        waited: () => (counts.waited += 1),
        worked: () => (counts.worked += 1),
      },
    });
    queue.add("a");
    queue.done((await queue.get()) ?? "");
    queue.addRateLimited("a");
    expect(depths).toEqual([1, 0]);
    expect(counts).toEqual({ added: 1, retried: 1, waited: 1, worked: 1 });
    queue.shutDown();
  });
});

describe("controller", () => {
  it("retries what failed, and stops when told", async () => {
    const stop = new AbortController();
    const queue = createWorkQueue({ baseDelayMs: 1 });
    const seen: string[] = [];
    const running = runController({
      name: "test",
      queue,
      workers: 2,
      logger: SILENT,
      signal: stop.signal,
      async reconcile(key) {
        seen.push(key);
        if (seen.length === 1) throw statusError(409, "Conflict", "lost");
        if (seen.length === 2) throw new Error("broken");
        stop.abort();
      },
    });
    queue.add("a");
    await running;
    expect(seen).toEqual(["a", "a", "a"]);
    expect(queue.retries("a")).toBe(0);
  });

  it("resolves at once when the signal has aborted before", async () => {
    const queue = createWorkQueue();
    queue.add("a");
    const reconcile = vi.fn<() => Promise<void>>();
    const signal = AbortSignal.abort();
    await runController({ name: "test", queue, reconcile, workers: 1, logger: SILENT, signal });
    expect(reconcile).not.toHaveBeenCalled();
  });
});

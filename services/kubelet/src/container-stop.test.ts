import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { startContainerStop } from "./container-stop.ts";
import type { ContainerId, Runtime } from "./runtime/runtime.ts";
import { NOW, testContainer } from "./testing/objects.ts";

const id: ContainerId = { podUid: "uid-1", name: "app", attempt: 0 };
let signals: [string, number][];

beforeEach(() => {
  vi.useFakeTimers({ now: NOW });
  signals = [];
});
afterEach(() => {
  vi.useRealTimers();
});

/** The runtime's one method a stop uses. */
const runtime = {
  signalContainer: (_id, signal) => void signals.push([signal, Date.now() - NOW]),
} as Partial<Runtime> as Runtime;

type StopOptions = Parameters<typeof startContainerStop>[0];

function stop(options: Partial<StopOptions> = {}): ReturnType<typeof startContainerStop> {
  const defaults = { runtime, id, container: testContainer(), deadline: NOW + 30_000 };
  return startContainerStop({ ...defaults, preStop: async () => {}, ...options });
}

describe("startContainerStop", () => {
  it("asks first and kills at the deadline", async () => {
    stop();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(signals).toEqual([
      ["SIGTERM", 0],
      ["SIGKILL", 30_000],
    ]);
  });

  it("sends the container's own stop signal", async () => {
    stop({ container: testContainer({ lifecycle: { stopSignal: "SIGUSR1" } }) });
    await vi.advanceTimersByTimeAsync(0);
    expect(signals).toEqual([["SIGUSR1", 0]]);
  });

  it("comes nearer, never further away", async () => {
    const running = stop();
    await vi.advanceTimersByTimeAsync(1_000);
    running.shorten(NOW + 40_000);
    running.shorten(NOW + 5_000);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(signals.at(-1)).toEqual(["SIGKILL", 5_000]);
  });

  it("waits for the preStop hook, and leaves two seconds after one that took all the time", async () => {
    const preStop = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 29_500));
    stop({
      container: testContainer({ lifecycle: { preStop: { sleep: { seconds: 1 } } } }),
      preStop,
    });
    await vi.advanceTimersByTimeAsync(60_000);
    expect(signals).toEqual([
      ["SIGTERM", 29_500],
      ["SIGKILL", 31_500],
    ]);
  });

  it("does nothing more once the container has ended", async () => {
    const running = stop();
    await vi.advanceTimersByTimeAsync(10);
    running[Symbol.dispose]();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(signals).toEqual([["SIGTERM", 0]]);
  });
});

import type { ContainerStatus } from "@kubehop/api";
import { describe, expect, it } from "vitest";
import { rememberedPrevious, rememberedState } from "./pod-history.ts";
import { NOW, testPod } from "./testing/objects.ts";

function remembered(status: Partial<ContainerStatus>): unknown {
  const base = { name: "app", ready: false, restartCount: 2 };
  const state = rememberedState(
    testPod({}, { containerStatuses: [{ ...base, ...status }] }),
    "app",
  );
  return state && [state.id.attempt, state.exitCode, state.finishedAt];
}

const TIME = new Date(NOW).toISOString();

describe("rememberedState", () => {
  it.each<[string, Partial<ContainerStatus>, unknown]>([
    ["ran when the node lost it", { state: { running: { startedAt: TIME } } }, [2, 137, NOW]],
    ["had ended", { state: { terminated: { exitCode: 3, finishedAt: TIME } } }, [2, 3, NOW]],
    [
      "waited between two starts",
      { state: { waiting: {} }, lastState: { terminated: { exitCode: 1, finishedAt: TIME } } },
      [2, 1, NOW],
    ],
    ["never ran", { state: { waiting: {} } }, undefined],
  ])("of a container that %s", (_title, status, expected) => {
    expect(remembered(status)).toEqual(expected);
  });

  it("knows an ephemeral container, which is not started again", () => {
    const state = { running: { startedAt: TIME } };
    const debug = { name: "debug", ready: false, restartCount: 0, state };
    const pod = testPod({}, { containerStatuses: [], ephemeralContainerStatuses: [debug] });
    expect(rememberedState(pod, "debug")?.exitCode).toBe(137);
  });

  it("has nothing of a pod without status", () => {
    expect(rememberedState(testPod(), "app")).toBeUndefined();
  });
});

describe("rememberedPrevious", () => {
  const lastState = { terminated: { exitCode: 7, finishedAt: TIME } };
  const state = { running: { startedAt: TIME } };
  it.each<[string, Partial<ContainerStatus>, number, number | undefined]>([
    ["the API server knows only the start before", { state, restartCount: 1 }, 2, 137],
    ["it knows this start and the one before", { state, lastState, restartCount: 2 }, 2, 7],
    ["it knows this start alone", { state, restartCount: 2 }, 2, undefined],
    ["it knows another start", { state, lastState, restartCount: 5 }, 2, undefined],
  ])("when %s", (_title, status, attempt, exitCode) => {
    const whole = { name: "app", ready: true, restartCount: 0, ...status };
    const pod = testPod({}, { containerStatuses: [whole] });
    expect(rememberedPrevious(pod, "app", attempt)?.exitCode).toBe(exitCode);
  });
});

import type { Pod } from "@kubehop/api";
import { describe, expect, it } from "vitest";
import { isPodReady, whyNotReady } from "./pod-readiness.ts";

const pod = (status: object): Pod => ({ status }) as unknown as Pod;
const container = (state: object, lastState = {}): Pod =>
  pod({ containerStatuses: [{ name: "app", state, lastState }] });

describe("whyNotReady", () => {
  it.each<[Pod, string]>([
    [pod({}), "is Pending"],
    [
      pod({
        conditions: [{ type: "PodScheduled", status: "False", message: "0/3 nodes are available" }],
      }),
      "0/3 nodes are available",
    ],
    [
      container({ waiting: { reason: "ErrImagePull", message: "no program" } }),
      "container app is waiting: ErrImagePull: no program",
    ],
    [
      container({ waiting: { reason: "CrashLoopBackOff" } }, { terminated: { exitCode: 2 } }),
      "container app is waiting: CrashLoopBackOff (it ended with exit code 2)",
    ],
    [
      container({ terminated: { exitCode: 1 } }),
      "container app does not run (it ended with exit code 1)",
    ],
    [container({ running: {} }), "its readiness probe fails"],
  ])("%#", (object, text) => {
    expect(whyNotReady(object)).toBe(text);
  });
});

it("isPodReady reads the condition Ready", () => {
  const ready = (status: string): Pod => pod({ conditions: [{ type: "Ready", status }] });
  expect([ready("True"), ready("False"), pod({})].map(isPodReady)).toEqual([true, false, false]);
});

import type { Deployment } from "@kubehop/api";
import { describe, expect, it } from "vitest";
import { rolloutState } from "./rollout-state.ts";

const READY = {
  observedGeneration: 2,
  replicas: 3,
  readyReplicas: 3,
  availableReplicas: 3,
  updatedReplicas: 3,
};

function deployment(status: object | undefined, replicas: number | undefined = 3): Deployment {
  const object = {
    kind: "Deployment",
    metadata: { name: "my-api", namespace: "default", generation: 2 },
    spec: replicas === undefined ? {} : { replicas },
    ...(status === undefined ? {} : { status }),
  };
  return object as unknown as Deployment;
}

describe("rolloutState", () => {
  it.each<[string, object | undefined, boolean]>([
    ["all ready", READY, true],
    ["no status yet", undefined, false],
    ["status of an older generation", { ...READY, observedGeneration: 1 }, false],
    ["one not ready", { ...READY, readyReplicas: 2 }, false],
    ["ready but not long enough", { ...READY, availableReplicas: 2 }, false],
    ["one of the old template", { ...READY, updatedReplicas: 2 }, false],
    ["an old pod is still there", { ...READY, replicas: 4 }, false],
  ])("%s", (_title, status, complete) => {
    expect(rolloutState(deployment(status)).complete).toBe(complete);
  });

  it("names the workload and counts", () => {
    expect(rolloutState(deployment({ readyReplicas: 1 }))).toEqual({
      name: "deployment default/my-api",
      ready: 1,
      wanted: 3,
      complete: false,
    });
  });
});

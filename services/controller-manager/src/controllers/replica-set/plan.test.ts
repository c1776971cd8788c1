import { describe, expect, it } from "vitest";
import { podOf, replicaSetOf } from "../../testing/objects.ts";
import { BURST_REPLICAS, planReplicas, rankForDeletion, replicaSetStatus } from "./plan.ts";

const running = { ready: true, node: "node-1" };

describe("rankForDeletion", () => {
  it.each([
    ["without a node", { ...running, node: "" }, running],
    ["pending", { ...running, phase: "Pending" as const }, running],
    ["not ready", { ...running, ready: false }, running],
    [
      "of lower deletion cost",
      { ...running, annotations: { "controller.kubernetes.io/pod-deletion-cost": "-1" } },
      running,
    ],
    ["ready for less long", { ...running, readySince: "2026-01-01T00:09:00Z" }, running],
    ["younger", { ...running, created: "2026-01-01T00:09:00Z" }, running],
    ["first by name", { ...running, name: "a" }, { ...running, name: "b" }],
  ])("gives up the pod that is %s first", (_name, first, second) => {
    const [a, b] = [podOf(first), podOf(second)];
    expect(rankForDeletion([b, a])).toEqual([a, b]);
  });

  it("gives up the pod that restarted more often first", () => {
    const [steady, restless] = [podOf({ ...running, name: "a" }), podOf({ ...running, name: "b" })];
    const container = { name: "main", ready: true, restartCount: 3 };
    restless.status = { ...restless.status, containerStatuses: [container] };
    expect(rankForDeletion([steady, restless])).toEqual([restless, steady]);
  });

  it("gives up a pod of the node that has most of them first", () => {
    const alone = podOf({ ...running, node: "node-2", name: "a" });
    const crowd = [podOf({ ...running, name: "b" }), podOf({ ...running, name: "c" })];
    expect(rankForDeletion([alone, ...crowd]).at(-1)).toBe(alone);
  });
});

describe("planReplicas", () => {
  it.each([
    [3, 1, 2, 0],
    [1, 3, 0, 2],
    [2, 2, 0, 0],
    [BURST_REPLICAS + 7, 0, BURST_REPLICAS, 0],
  ])("wants %i, has %i: creates %i, deletes %i", (wanted, present, created, deleted) => {
    const plan = planReplicas(
      wanted,
      Array.from({ length: present }, () => podOf()),
    );
    expect([plan.create, plan.delete.length]).toEqual([created, deleted]);
  });
});

describe("replicaSetStatus", () => {
  it("counts ready pods, and available ones after minReadySeconds", () => {
    const set = replicaSetOf(3);
    set.spec.minReadySeconds = 30;
    const labels = { app: "my-api" };
    const pods = [
      podOf({ labels, readySince: "2026-01-01T00:00:00Z" }),
      podOf({ labels, readySince: "2026-01-01T00:00:31Z" }),
      podOf({ ready: false }),
    ];
    const status = replicaSetStatus(set, pods, Date.parse("2026-01-01T00:01:00Z"));
    expect(status).toEqual({
      replicas: 3,
      fullyLabeledReplicas: 2,
      readyReplicas: 2,
      availableReplicas: 1,
      observedGeneration: 1,
    });
  });
});

import type { ReplicaSet } from "@kubehop/api";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { deploymentOf, replicaSetOf } from "../../testing/objects.ts";
import { rolloutLimits } from "./limits.ts";
import {
  DESIRED_REPLICAS_ANNOTATION,
  isScalingEvent,
  MAX_REPLICAS_ANNOTATION,
  planRecreate,
  planRollingUpdate,
  planScale,
  wanted,
} from "./scaling.ts";

describe("rolloutLimits", () => {
  it.each([
    ["default 25% of 4", 4, undefined, undefined, { maxSurge: 1, maxUnavailable: 1 }],
    ["surge up, unavailable down", 10, "25%", "25%", { maxSurge: 3, maxUnavailable: 2 }],
    ["numbers", 4, 2, 0, { maxSurge: 2, maxUnavailable: 0 }],
    ["both zero would block", 3, 0, 0, { maxSurge: 0, maxUnavailable: 1 }],
    ["never more than there are", 2, 0, 5, { maxSurge: 0, maxUnavailable: 2 }],
  ])("%s", (_name, replicas, maxSurge, maxUnavailable, expected) => {
    const rollingUpdate = {
      ...(maxSurge !== undefined && { maxSurge }),
      ...(maxUnavailable !== undefined && { maxUnavailable }),
    };
    const deployment = deploymentOf({ replicas, strategy: { rollingUpdate } });
    expect(rolloutLimits(deployment)).toMatchObject(expected);
  });
});

/** ReplicaSets as a cluster would move them: pods start, become available, end, at random. */
class SimulatedSets {
  readonly sets: ReplicaSet[];

  constructor(sizes: readonly number[]) {
    this.sets = sizes.map((size) => replicaSetOf(size));
  }

  scale(set: ReplicaSet, replicas: number): void {
    set.spec.replicas = replicas;
    const status = set.status ?? { replicas: 0 };
    // Surplus pods go at once, those that are not available first; missing ones start unavailable.
    status.availableReplicas = Math.min(status.availableReplicas ?? 0, replicas);
    status.replicas = replicas;
  }

  start(set: ReplicaSet): void {
    const status = set.status ?? { replicas: 0 };
    const available = status.availableReplicas ?? 0;
    if (available < wanted(set)) status.availableReplicas = available + 1;
  }

  fail(set: ReplicaSet): void {
    const status = set.status ?? { replicas: 0 };
    status.availableReplicas = Math.max(0, (status.availableReplicas ?? 0) - 1);
  }

  total(of: (set: ReplicaSet) => number): number {
    return this.sets.reduce((sum, set) => sum + of(set), 0);
  }
}

const limit = fc.oneof(
  fc.nat(5),
  fc.nat(100).map((percent) => `${percent}%`),
);

describe("planRollingUpdate", () => {
  it("never has too many pods, never takes away one that is needed, and ends", () => {
    const scenario = fc.record({
      replicas: fc.integer({ min: 1, max: 12 }),
      maxSurge: limit,
      maxUnavailable: limit,
      steps: fc.array(fc.nat(9), { maxLength: 60 }),
    });
    fc.assert(
      fc.property(scenario, ({ replicas, maxSurge, maxUnavailable, steps }) => {
        const strategy = { rollingUpdate: { maxSurge, maxUnavailable } };
        const limits = rolloutLimits(deploymentOf({ replicas, strategy }));
        const cluster = new SimulatedSets([replicas, 0]);
        const [old, current] = cluster.sets as [ReplicaSet, ReplicaSet];
        const reconcile = (): number => {
          const plan = planRollingUpdate({ current, old: [old] }, limits);
          const before = cluster.total((set) => set.status?.availableReplicas ?? 0);
          for (const [set, size] of plan) cluster.scale(set, size);
          const after = cluster.total((set) => set.status?.availableReplicas ?? 0);
          if (after < before) expect(after).toBeGreaterThanOrEqual(limits.minAvailable);
          expect(cluster.total(wanted)).toBeLessThanOrEqual(replicas + limits.maxSurge);
          return plan.size;
        };
        for (const step of steps) {
          if (step < 5) reconcile();
          else if (step < 9) cluster.start(current);
          else cluster.fail(old);
        }
        for (let round = 0; round < 6 * replicas; round += 1) {
          reconcile();
          cluster.start(current);
          cluster.start(old);
        }
        expect([wanted(current), wanted(old)]).toEqual([replicas, 0]);
        expect(reconcile()).toBe(0);
      }),
    );
  });

  it("replaces pods that do not work before those that do", () => {
    const [broken, working] = [replicaSetOf(2, 0), replicaSetOf(2)];
    const current = replicaSetOf(1, 1);
    const limits = { replicas: 4, maxSurge: 1, maxUnavailable: 1, minAvailable: 3 };
    const plan = planRollingUpdate({ current, old: [broken, working] }, limits);
    expect([...plan]).toEqual([[broken, 0]]);
  });

  it("keeps old pods, even broken ones, while the new ones do not work either", () => {
    const [broken, current] = [replicaSetOf(3, 1), replicaSetOf(2, 0)];
    const limits = { replicas: 4, maxSurge: 1, maxUnavailable: 1, minAvailable: 3 };
    expect(planRollingUpdate({ current, old: [broken] }, limits).size).toBe(0);
  });

  it("does nothing without a ReplicaSet of the present template", () => {
    const limits = { replicas: 4, maxSurge: 1, maxUnavailable: 1, minAvailable: 3 };
    expect(planRollingUpdate({ current: undefined, old: [replicaSetOf(4)] }, limits).size).toBe(0);
  });
});

describe("planRecreate", () => {
  const limits = { replicas: 3, maxSurge: 0, maxUnavailable: 3, minAvailable: 0 };

  it("empties the old, waits for their pods, then fills the new", () => {
    const [old, current] = [replicaSetOf(3), replicaSetOf(0)];
    expect([...planRecreate({ current, old: [old] }, limits, false)]).toEqual([[old, 0]]);
    const emptied = replicaSetOf(0);
    expect(planRecreate({ current, old: [emptied] }, limits, false).size).toBe(0);
    expect([...planRecreate({ current, old: [emptied] }, limits, true)]).toEqual([[current, 3]]);
  });
});

describe("planScale", () => {
  it("gives all to the only active ReplicaSet", () => {
    const current = replicaSetOf(3);
    const limits = { replicas: 7, maxSurge: 2, maxUnavailable: 1, minAvailable: 6 };
    expect([...planScale({ current, old: [replicaSetOf(0)] }, limits)]).toEqual([[current, 7]]);
  });

  it("shares by size in the middle of a rollout, and never exceeds the surge", () => {
    const sizes = fc.tuple(fc.integer({ min: 1, max: 10 }), fc.integer({ min: 1, max: 10 }));
    fc.assert(
      fc.property(sizes, fc.integer({ min: 0, max: 20 }), ([a, b], replicas) => {
        const [old, current] = [replicaSetOf(a), replicaSetOf(b)];
        for (const set of [old, current]) {
          set.metadata.annotations = {
            [DESIRED_REPLICAS_ANNOTATION]: "99",
            [MAX_REPLICAS_ANNOTATION]: String(a + b),
          };
        }
        const limits = { replicas, maxSurge: 1, maxUnavailable: 0, minAvailable: replicas };
        const plan = planScale({ current, old: [old] }, limits);
        const total = [...plan.values()].reduce((sum, size) => sum + size, 0);
        expect(total).toBe(replicas === 0 ? 0 : replicas + 1);
        expect(Math.min(...plan.values())).toBeGreaterThanOrEqual(0);
      }),
    );
  });

  it("is needed when the size changed since the ReplicaSets were scaled", () => {
    const current = replicaSetOf(3);
    current.metadata.annotations = { [DESIRED_REPLICAS_ANNOTATION]: "3" };
    expect(isScalingEvent({ current, old: [] }, 3)).toBe(false);
    expect(isScalingEvent({ current, old: [] }, 4)).toBe(true);
  });
});

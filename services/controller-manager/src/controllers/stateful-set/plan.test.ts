import { CONTROLLER_REVISION_HASH_LABEL, type Pod, type StatefulSet } from "@kubehop/api";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { newUid, podOf, templateOf } from "../../testing/objects.ts";
import { ordinalOf, planStatefulSet, revisionNameOf, type StatefulSetState } from "./plan.ts";
import { statefulSetStatus } from "./status.ts";

const OLD = { name: "my-db-old", template: templateOf("one") };
const NEW = { name: "my-db-new", template: templateOf("two") };

function setOf(spec: Partial<StatefulSet["spec"]> = {}): StatefulSet {
  return {
    apiVersion: "apps/v1",
    kind: "StatefulSet",
    metadata: { name: "my-db", namespace: "default", uid: newUid(), generation: 1 },
    spec: { replicas: 3, selector: {}, template: NEW.template, ...spec },
  };
}

function dbPod(ordinal: number, revision: string, traits: Parameters<typeof podOf>[0] = {}): Pod {
  const labels = { [CONTROLLER_REVISION_HASH_LABEL]: revision };
  return podOf({ name: `my-db-${ordinal}`, labels, ...traits });
}

function planOf(
  pods: readonly Pod[],
  spec: Partial<StatefulSet["spec"]> = {},
): { created: readonly string[]; deleted: readonly string[] } {
  const state: StatefulSetState = {
    statefulSet: setOf(spec),
    pods,
    current: OLD,
    update: NEW,
    now: Date.parse("2026-01-02T00:00:00Z"),
  };
  const plan = planStatefulSet(state);
  return {
    created: plan.create.map(({ ordinal, revision }) => `${ordinal}:${revision.name.slice(6)}`),
    deleted: plan.delete.map((pod) => pod.metadata.name),
  };
}

const pods = (...revisions: string[]): Pod[] => revisions.map((one, i) => dbPod(i, `my-db-${one}`));

describe("planStatefulSet", () => {
  it.each([
    ["creates the first pod", [], {}, ["0:new"], []],
    ["waits for a pod that is not ready", [dbPod(0, NEW.name, { ready: false })], {}, [], []],
    ["creates the next pod", pods("new"), {}, ["1:new"], []],
    ["is content", pods("new", "new", "new"), {}, [], []],
    ["scales down from the top", pods("new", "new", "new"), { replicas: 1 }, [], ["my-db-2"]],
    ["updates from the top", pods("old", "old", "old"), {}, [], ["my-db-2"]],
    ["goes on below", pods("old", "old", "new"), {}, [], ["my-db-1"]],
    [
      "stops at the partition",
      pods("old", "old", "new"),
      { updateStrategy: { rollingUpdate: { partition: 2 } } },
      [],
      [],
    ],
    [
      "keeps the old template below the partition",
      [],
      { updateStrategy: { rollingUpdate: { partition: 2 } } },
      ["0:old"],
      [],
    ],
    [
      "leaves updates to the user",
      pods("old", "old", "old"),
      { updateStrategy: { type: "OnDelete" as const } },
      [],
      [],
    ],
    ["replaces a pod that failed", [dbPod(0, NEW.name, { phase: "Failed" })], {}, [], ["my-db-0"]],
    ["never reuses a name in use", [dbPod(0, NEW.name, { deleting: true })], {}, [], []],
    [
      "creates all at once in Parallel",
      pods("new"),
      { podManagementPolicy: "Parallel" as const },
      ["1:new", "2:new"],
      [],
    ],
    [
      "updates one at a time in Parallel too",
      [...pods("old", "old"), dbPod(2, NEW.name, { ready: false })],
      { podManagementPolicy: "Parallel" as const },
      [],
      [],
    ],
    ["begins at ordinals.start", [], { ordinals: { start: 5 } }, ["5:new"], []],
  ])("%s", (_name, present, spec, created, deleted) => {
    expect(planOf(present, spec)).toEqual({ created, deleted });
  });

  it("always ends with the right pods, one change at a time, whatever happens meanwhile", () => {
    const events = fc.array(fc.record({ what: fc.nat(3), ordinal: fc.nat(5) }), { maxLength: 60 });
    fc.assert(
      fc.property(fc.nat(5), fc.nat(5), events, (before, replicas, happenings) => {
        const cluster = new Map<number, Pod>();
        for (let i = 0; i < before; i += 1) cluster.set(i, dbPod(i, OLD.name));
        const statefulSet = setOf({ replicas });
        const reconcile = (): number => {
          const now = Date.parse("2026-01-02T00:00:00Z");
          const state = {
            statefulSet,
            pods: [...cluster.values()],
            current: OLD,
            update: NEW,
            now,
          };
          const plan = planStatefulSet(state);
          expect(plan.create.length + plan.delete.length).toBeLessThanOrEqual(1);
          for (const { ordinal, revision } of plan.create) {
            expect(cluster.has(ordinal)).toBe(false);
            cluster.set(ordinal, dbPod(ordinal, revision.name, { ready: false }));
          }
          for (const pod of plan.delete)
            cluster.delete(ordinalOf("my-db", pod.metadata.name) ?? -1);
          return plan.create.length + plan.delete.length;
        };
        const becomeReady = (ordinal: number): void => {
          const pod = cluster.get(ordinal);
          if (pod) cluster.set(ordinal, dbPod(ordinal, revisionNameOf(pod) ?? ""));
        };
        for (const { what, ordinal } of happenings) {
          if (what === 0) cluster.delete(ordinal);
          else if (what === 1) becomeReady(ordinal);
          else reconcile();
        }
        for (let round = 0; round < 60; round += 1) {
          reconcile();
          for (const ordinal of cluster.keys()) becomeReady(ordinal);
        }
        expect([...cluster.keys()].toSorted((a, b) => a - b)).toEqual(
          Array.from({ length: replicas }, (_, i) => i),
        );
        expect([...cluster.values()].every((pod) => revisionNameOf(pod) === NEW.name)).toBe(true);
        expect(reconcile()).toBe(0);
      }),
    );
  });
});

describe("statefulSetStatus", () => {
  const statusOf = (present: readonly Pod[]): ReturnType<typeof statefulSetStatus> =>
    statefulSetStatus({
      statefulSet: setOf(),
      pods: present,
      current: OLD,
      update: NEW,
      now: Date.now(),
    });

  it("tells how far a rollout is", () => {
    expect(statusOf(pods("old", "old", "new"))).toMatchObject({
      currentReplicas: 2,
      updatedReplicas: 1,
      currentRevision: OLD.name,
      updateRevision: NEW.name,
    });
  });

  it("makes the update the current revision when the rollout is complete", () => {
    expect(statusOf(pods("new", "new", "new"))).toMatchObject({
      currentReplicas: 3,
      readyReplicas: 3,
      currentRevision: NEW.name,
    });
  });
});

describe("ordinalOf", () => {
  it.each([
    ["my-db-0", 0],
    ["my-db-12", 12],
    ["my-db-01", undefined],
    ["my-db-x", undefined],
    ["other-0", undefined],
  ])("%s: %s", (name, expected) => expect(ordinalOf("my-db", name)).toBe(expected));
});

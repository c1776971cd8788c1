import { CONTROLLER_REVISION_HASH_LABEL, type DaemonSet, type Node, type Pod } from "@kubehop/api";
import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { newUid, nodeOf, podOf, type PodTraits, templateOf } from "../../testing/objects.ts";
import { daemonPodSpec, fitOf, specForNode, targetNodeOf } from "./nodes.ts";
import { planDaemonSet } from "./plan.ts";
import { daemonSetStatus } from "./status.ts";

const NOW = Date.parse("2026-01-02T00:00:00Z");
const NODES = ["a", "b", "c"].map((name) => nodeOf(name));

function setOf(spec: Partial<DaemonSet["spec"]> = {}): DaemonSet {
  return {
    apiVersion: "apps/v1",
    kind: "DaemonSet",
    metadata: { name: "agent", namespace: "default", uid: newUid(), generation: 2 },
    spec: { selector: {}, template: templateOf("two"), ...spec },
  };
}

let names = 0;
function podOn(node: string, hash: string, traits: PodTraits = {}): Pod {
  names += 1;
  const labels = { [CONTROLLER_REVISION_HASH_LABEL]: hash };
  return podOf({ name: `${node}-${hash}-${names}`, node, labels, ...traits });
}
const old = (node: string, traits?: PodTraits): Pod => podOn(node, "old", traits);
const fresh = (node: string, traits?: PodTraits): Pod => podOn(node, "new", traits);

function planOf(pods: readonly Pod[], spec: Partial<DaemonSet["spec"]> = {}, nodes = NODES) {
  const plan = planDaemonSet({ daemonSet: setOf(spec), nodes, pods, hash: "new", now: NOW });
  const named = plan.delete.map(({ metadata }) => metadata.name.replace(/-\d+$/, ""));
  return { create: plan.create, delete: named.sort() };
}

const unready = { ready: false };
const rolling = (maxUnavailable: number | string, maxSurge: number | string = 0) => ({
  updateStrategy: { type: "RollingUpdate" as const, rollingUpdate: { maxUnavailable, maxSurge } },
});

describe("planDaemonSet", () => {
  it.each<[string, Pod[], object, string[], string[]]>([
    ["creates on each node", [], {}, ["a", "b", "c"], []],
    ["is content", [fresh("a"), fresh("b"), fresh("c")], {}, [], []],
    [
      "waits for a pod that is going",
      [fresh("a", { deleting: true }), fresh("b"), fresh("c")],
      {},
      [],
      [],
    ],
    ["gives up second pods", [fresh("a"), fresh("a"), fresh("b"), fresh("c")], {}, [], ["a-new"]],
    ["replaces one at a time", [old("a"), old("b"), old("c")], {}, [], ["a-old"]],
    ["waits for the new one", [fresh("a", unready), old("b"), old("c")], {}, [], []],
    ["waits for the place", [old("b"), old("c")], {}, ["a"], []],
    [
      "replaces what does not serve",
      [old("a", unready), old("b", unready), old("c")],
      {},
      [],
      ["a-old", "b-old"],
    ],
    ["replaces more", [old("a"), old("b"), old("c")], rolling(2), [], ["a-old", "b-old"]],
    [
      "rounds percentages up",
      [old("a"), old("b"), old("c")],
      rolling("34%"),
      [],
      ["a-old", "b-old"],
    ],
    ["surges", [old("a"), old("b"), old("c")], rolling(0, 1), ["a"], []],
    [
      "surges no further",
      [old("a"), fresh("a", unready), old("b"), old("c")],
      rolling(0, 1),
      [],
      [],
    ],
    [
      "ends the old one then",
      [old("a"), fresh("a"), fresh("b"), fresh("c")],
      rolling(0, 1),
      [],
      ["a-old"],
    ],
    [
      "leaves all alone",
      [old("a"), old("b"), old("c")],
      { updateStrategy: { type: "OnDelete" } },
      [],
      [],
    ],
  ])("%s", (_what, pods, spec, create, doomed) => {
    expect(planOf(pods, spec)).toEqual({ create, delete: doomed });
  });

  it("goes by the nodes' taints", () => {
    const tainted = (effect: "NoSchedule" | "NoExecute" | "PreferNoSchedule"): Node =>
      nodeOf("a", { taints: [{ key: "mine", effect }] });
    expect(planOf([], {}, [tainted("NoSchedule")]).create).toEqual([]);
    expect(planOf([fresh("a")], {}, [tainted("NoSchedule")]).delete).toEqual([]);
    expect(planOf([fresh("a")], {}, [tainted("NoExecute")]).delete).toEqual(["a-new"]);
    expect(planOf([], {}, [tainted("PreferNoSchedule")]).create).toEqual(["a"]);
    const cordoned = nodeOf("a", {
      unschedulable: true,
      taints: [{ key: "node.kubernetes.io/unschedulable", effect: "NoSchedule" }],
    });
    expect(planOf([], {}, [cordoned]).create).toEqual(["a"]);
  });

  it("replaces a pod that failed, but not at once", () => {
    const failed = (created: string): Pod => fresh("a", { phase: "Failed", created });
    const plan = (pod: Pod) =>
      planDaemonSet({
        daemonSet: setOf(),
        nodes: [nodeOf("a")],
        pods: [pod],
        hash: "new",
        now: NOW,
      });
    expect(plan(failed("2026-01-01T23:59:58Z"))).toMatchObject({ delete: [], retryInMs: 8_000 });
    expect(plan(failed("2026-01-01T23:00:00Z")).delete).toHaveLength(1);
  });

  it("does nothing for one that is being deleted", () => {
    const daemonSet = setOf();
    daemonSet.metadata.deletionTimestamp = "2026-01-01T00:00:00Z";
    const plan = planDaemonSet({ daemonSet, nodes: NODES, pods: [], hash: "new", now: NOW });
    expect(plan.create).toEqual([]);
  });

  const traits = fc.record({ isNew: fc.boolean(), ready: fc.boolean(), deleting: fc.boolean() });
  test("never lets more serving pods go than maxUnavailable", () => {
    fc.assert(
      fc.property(
        fc.array(fc.option(traits), { minLength: 1, maxLength: 6 }),
        fc.integer({ min: 1, max: 3 }),
        (kinds, maxUnavailable) => {
          const nodes = kinds.map((_kind, at) => nodeOf(`n${at}`));
          const pods = kinds.flatMap((kind, at) =>
            kind === null ? [] : [podOn(`n${at}`, kind.isNew ? "new" : "old", kind)],
          );
          const state = {
            daemonSet: setOf(rolling(maxUnavailable)),
            nodes,
            pods,
            hash: "new",
            now: NOW,
          };
          const before = daemonSetStatus(state).numberUnavailable ?? 0;
          const { delete: doomed } = planDaemonSet(state);
          const left = pods.filter((pod) => !doomed.includes(pod));
          const after = daemonSetStatus({ ...state, pods: left }).numberUnavailable ?? 0;
          return after <= Math.max(before, maxUnavailable);
        },
      ),
    );
  });
});

describe("the pods of a DaemonSet", () => {
  it("are for one node each, whatever else they ask for", () => {
    const term = { matchExpressions: [{ key: "disk", operator: "Exists" }] };
    const affinity = {
      nodeAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [term] },
      },
      podAffinity: {},
    };
    const base = { containers: [], affinity };
    const spec = specForNode(base, "a");
    expect(spec.affinity).toMatchObject({
      podAffinity: {},
      nodeAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: {
          nodeSelectorTerms: [
            { ...term, matchFields: [{ key: "metadata.name", operator: "In", values: ["a"] }] },
          ],
        },
      },
    });
    expect(targetNodeOf({ spec } as Pod)).toBe("a");
    expect(fitOf(base, nodeOf("a")).shouldRun).toBe(false);
    expect(fitOf(base, nodeOf("a", {}, { disk: "ssd" })).shouldRun).toBe(true);
  });

  it("bear the troubles of a node", () => {
    const { tolerations = [] } = daemonPodSpec(setOf());
    expect(tolerations.map(({ key }) => key)).toContain("node.kubernetes.io/disk-pressure");
    const template = templateOf("two");
    template.spec.hostNetwork = true;
    const keys = daemonPodSpec(setOf({ template })).tolerations?.map(({ key }) => key);
    expect(keys).toContain("node.kubernetes.io/network-unavailable");
  });
});

test("the status counts nodes", () => {
  const nodes = [...NODES, nodeOf("d", { taints: [{ key: "x", effect: "NoSchedule" }] })];
  const pods = [fresh("a"), old("b", unready), fresh("d")];
  expect(daemonSetStatus({ daemonSet: setOf(), nodes, pods, hash: "new", now: NOW })).toEqual({
    desiredNumberScheduled: 3,
    currentNumberScheduled: 2,
    numberMisscheduled: 1,
    numberReady: 1,
    numberAvailable: 1,
    numberUnavailable: 2,
    updatedNumberScheduled: 1,
    observedGeneration: 2,
  });
});

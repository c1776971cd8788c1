import type { Node, Taint } from "@kubehop/api";
import { describe, expect, it } from "vitest";
import { nodeOf, podOf } from "../../testing/objects.ts";
import { planEvictions } from "./evictions.ts";
import { unknownConditions, wantedTaints } from "./plan.ts";

const START = Date.parse("2026-01-01T00:00:00Z");
const withReady = (status: "True" | "False" | "Unknown", spec: Node["spec"] = {}): Node => ({
  ...nodeOf("node-1", spec),
  status: { conditions: [{ type: "Ready", status }] },
});
const names = (taints: readonly Taint[]): string[] =>
  taints.map(({ key, effect }) => `${key}:${effect}`);

describe("wantedTaints", () => {
  const foreign: Taint = { key: "dedicated", effect: "NoSchedule" };

  it.each([
    ["True", {}, []],
    ["True", { unschedulable: true }, ["node.kubernetes.io/unschedulable:NoSchedule"]],
    [
      "False",
      {},
      ["node.kubernetes.io/not-ready:NoSchedule", "node.kubernetes.io/not-ready:NoExecute"],
    ],
    [
      "Unknown",
      { taints: [foreign, { key: "node.kubernetes.io/not-ready", effect: "NoExecute" }] },
      [
        "dedicated:NoSchedule",
        "node.kubernetes.io/unreachable:NoSchedule",
        "node.kubernetes.io/unreachable:NoExecute",
      ],
    ],
  ] as const)("Ready %s, %j", (ready, spec, expected) => {
    expect(names(wantedTaints(withReady(ready, spec as Node["spec"]), START))).toEqual(expected);
  });

  it("keeps the time at which a taint was added", () => {
    const taints = wantedTaints(withReady("Unknown"), START);
    const later = wantedTaints(withReady("Unknown", { taints }), START + 60_000);
    expect(later).toEqual(taints);
  });
});

describe("unknownConditions", () => {
  it("makes all that a kubelet reports Unknown, and tells what was never reported", () => {
    const conditions = unknownConditions(withReady("True"), START);
    expect(conditions.map(({ type, status, reason }) => `${type} ${status} ${reason}`)).toEqual([
      "Ready Unknown NodeStatusUnknown",
      "MemoryPressure Unknown NodeStatusNeverUpdated",
      "DiskPressure Unknown NodeStatusNeverUpdated",
      "PIDPressure Unknown NodeStatusNeverUpdated",
    ]);
    const node = { ...withReady("True"), status: { conditions } };
    expect(unknownConditions(node, START + 60_000)).toEqual(conditions);
  });
});

describe("planEvictions", () => {
  const taint = (key: string): Taint => ({
    key,
    effect: "NoExecute",
    timeAdded: "2026-01-01T00:00:00Z",
  });
  const unreachable = "node.kubernetes.io/unreachable";

  it.each([
    ["300 s by default", unreachable, [], 300],
    [
      "its own time",
      unreachable,
      [{ key: unreachable, operator: "Exists", tolerationSeconds: 10 }],
      10,
    ],
    ["for ever", unreachable, [{ key: unreachable, operator: "Exists" }], undefined],
    ["not at all when it does not tolerate another taint", "dedicated", [], 60],
  ] as const)("a pod stays %s", (_name, key, tolerations, seconds) => {
    const pod = podOf({ spec: { tolerations: [...tolerations] } });
    const evictions = planEvictions(
      nodeOf("node-1", { taints: [taint(key)] }),
      [pod],
      START + 60_000,
    );
    expect(evictions).toEqual(seconds === undefined ? [] : [{ pod, at: START + seconds * 1_000 }]);
  });

  it("leaves pods alone that are ending already", () => {
    const node = nodeOf("node-1", { taints: [taint("dedicated")] });
    expect(
      planEvictions(node, [podOf({ deleting: true }), podOf({ phase: "Failed" })], START),
    ).toEqual([]);
  });
});

import type { Node, Pod } from "@kubehop/api";
import { describe, expect, it } from "vitest";
import { nodeOf, podOf } from "../../testing/objects.ts";
import { reasonAgainst } from "./filter.ts";
import { schedule } from "./schedule.ts";

const affinity = (
  key: string,
  operator: string,
  values: string[],
): NonNullable<Pod["spec"]["affinity"]> => ({
  nodeAffinity: {
    requiredDuringSchedulingIgnoredDuringExecution: {
      nodeSelectorTerms: [{ matchExpressions: [{ key, operator, values }] }],
    },
  },
});
const hostPort = (port: number, hostIP?: string): Pod["spec"]["containers"] => [
  { name: "main", ports: [{ containerPort: 80, hostPort: port, ...(hostIP && { hostIP }) }] },
];
const node = nodeOf("node-1", {}, { disk: "ssd", size: "5" });
const tainted = nodeOf("node-1", {
  taints: [{ key: "dedicated", value: "db", effect: "NoSchedule" }],
});
const notReady: Node = { ...node, status: { conditions: [{ type: "Ready", status: "Unknown" }] } };
const selectorText = "node(s) didn't match Pod's node affinity/selector";
const portsText = "node(s) didn't have free ports for the requested pod ports";

describe("reasonAgainst", () => {
  it.each([
    ["nothing", {}, node, undefined],
    ["a cordon", {}, nodeOf("n", { unschedulable: true }), "node(s) were unschedulable"],
    ["a node that is not ready", {}, notReady, "node(s) were not ready"],
    ["a taint", {}, tainted, "node(s) had untolerated taint {dedicated: db}"],
    ["a tolerated taint", { tolerations: [{ key: "dedicated", value: "db" }] }, tainted, undefined],
    ["a toleration of all", { tolerations: [{ operator: "Exists" as const }] }, tainted, undefined],
    ["nodeSelector", { nodeSelector: { disk: "hdd" } }, node, selectorText],
    ["nodeSelector that matches", { nodeSelector: { disk: "ssd" } }, node, undefined],
    ["affinity", { affinity: affinity("disk", "NotIn", ["ssd"]) }, node, selectorText],
    ["affinity that matches", { affinity: affinity("size", "Gt", ["4"]) }, node, undefined],
    ["affinity nobody knows", { affinity: affinity("size", "Near", ["4"]) }, node, selectorText],
    ["a port in use", { containers: hostPort(80) }, node, portsText],
    ["a port in use at another address", { containers: hostPort(80, "10.0.0.2") }, node, undefined],
  ])("%s", (_name, spec, target, expected) => {
    const other = podOf({ spec: { containers: hostPort(80, "10.0.0.1") } });
    expect(reasonAgainst(podOf({ spec }), { node: target, pods: [other] })).toBe(expected);
  });
});

describe("schedule", () => {
  const state = (name: string, pods: Pod[] = []): { node: Node; pods: Pod[] } => ({
    node: nodeOf(name),
    pods,
  });

  it("spreads by owner before it counts pods", () => {
    const mine = podOf({ owner: "set-1" });
    const nodes = [state("a", [mine]), state("b", [podOf(), podOf()])];
    expect(schedule(podOf({ owner: "set-1" }), nodes)).toEqual({ node: "b" });
    expect(schedule(podOf({ owner: "set-2" }), nodes)).toEqual({ node: "a" });
  });

  it("takes the first by name among equals, whatever the order", () => {
    expect(schedule(podOf(), [state("c"), state("a"), state("b")])).toEqual({ node: "a" });
  });

  it("does not count pods that have ended", () => {
    const ended = podOf({ phase: "Succeeded" });
    expect(schedule(podOf(), [state("a", [ended, ended]), state("b", [podOf()])])).toEqual({
      node: "a",
    });
  });

  it("says why no node will do", () => {
    const nodes = [state("a"), { node: nodeOf("b", { unschedulable: true }), pods: [] }];
    expect(schedule(podOf({ spec: { nodeSelector: { disk: "ssd" } } }), nodes)).toEqual({
      message: `0/2 nodes are available: 1 ${selectorText}, 1 node(s) were unschedulable.`,
    });
    expect(schedule(podOf(), [])).toEqual({ message: "no nodes available to schedule pods" });
  });
});

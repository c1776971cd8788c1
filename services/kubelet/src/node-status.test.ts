import { describe, expect, it } from "vitest";
import { type NodeDescription, nodeDraft, nodeStatus } from "./node-status.ts";
import { NOW } from "./testing/objects.ts";

const node: NodeDescription = {
  name: "node-1",
  ips: ["172.31.0.11", "fd00::11"],
  podCidrs: ["10.244.1.0/24", "fd00:10:244:1::/64"],
  labels: { zone: "a" },
  port: 10250,
  capacity: { cpu: "2", pods: "110" },
  runtime: { name: "docker", version: () => "20.10.24", problem: () => undefined },
  kernelVersion: "6.1",
  osImage: "Linux",
  architecture: "amd64",
  machineId: "m",
  bootId: "b",
};

describe("a Node", () => {
  it("has the labels and CIDRs schedulers and proxies look for", () => {
    expect(nodeDraft(node)).toMatchObject({
      metadata: {
        name: "node-1",
        labels: {
          "kubernetes.io/hostname": "node-1",
          "kubernetes.io/os": "linux",
          "kubernetes.io/arch": "amd64",
          zone: "a",
        },
      },
      spec: { podCIDR: "10.244.1.0/24", podCIDRs: node.podCidrs },
    });
  });

  it("tells addresses, capacity and where its kubelet listens", () => {
    expect(nodeStatus(node, {}, NOW)).toMatchObject({
      addresses: [
        { type: "InternalIP", address: "172.31.0.11" },
        { type: "InternalIP", address: "fd00::11" },
        { type: "Hostname", address: "node-1" },
      ],
      allocatable: { pods: "110" },
      daemonEndpoints: { kubeletEndpoint: { Port: 10250 } },
    });
  });

  it("is not ready once its container runtime was away for 30 s", () => {
    const problem = (): { since: number; message: string } => ({ since: NOW, message: "gone" });
    const runtime = { ...node.runtime, problem };
    const readyAt = (now: number): unknown =>
      nodeStatus({ ...node, runtime }, {}, now).conditions?.find(({ type }) => type === "Ready");
    expect(readyAt(NOW + 29_000)).toMatchObject({ status: "True" });
    expect(readyAt(NOW + 30_000)).toMatchObject({
      status: "False",
      reason: "KubeletNotReady",
      message: "container runtime is down: gone",
    });
    expect(nodeStatus(node, {}, NOW).nodeInfo?.containerRuntimeVersion).toBe("docker://20.10.24");
  });

  it("is ready, and was so since the condition last changed", () => {
    const since = "2025-01-01T00:00:00Z";
    const before = { type: "Ready", lastTransitionTime: since };
    const readySince = (status: "True" | "Unknown"): unknown =>
      nodeStatus(node, { conditions: [{ ...before, status }] }, NOW).conditions?.find(
        ({ type }) => type === "Ready",
      );
    const now = "2026-01-01T00:00:00Z";
    const ready = { type: "Ready", status: "True", reason: "KubeletReady", lastHeartbeatTime: now };
    expect(readySince("True")).toMatchObject({ ...ready, lastTransitionTime: since });
    expect(readySince("Unknown")).toMatchObject({ ...ready, lastTransitionTime: now });
  });
});

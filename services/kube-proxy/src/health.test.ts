import type { Node } from "@kubehop/api";
import { describe, expect, it } from "vitest";
import { createProxyHealth } from "./health.ts";

const START = Date.parse("2026-01-02T03:04:05.000Z");

describe("createProxyHealth", () => {
  it("is healthy while it starts, with Go's zero time as the last update", () => {
    const { health } = setUp();
    expect(health.report("healthz")).toEqual({
      lastUpdated: "0001-01-01T00:00:00Z",
      currentTime: "2026-01-02T03:04:05.000Z",
      nodeEligible: true,
      healthy: true,
      status: { IPv4: { lastUpdated: "0001-01-01T00:00:00Z", healthy: true } },
      unboundPorts: [],
    });
  });

  it("is unhealthy when a change waits as long as the time-out, until it is synced", () => {
    const { health, pass } = setUp();
    health.queued();
    pass(59_999);
    health.queued();
    expect(health.report("livez").healthy).toBe(true);
    pass(1);
    expect(health.report("livez").healthy).toBe(false);
    expect(health.report("healthz").status.IPv4?.healthy).toBe(false);
    health.syncing();
    expect(health.report("livez").healthy).toBe(false);
    health.synced();
    expect(health.report("healthz")).toMatchObject({
      healthy: true,
      lastUpdated: "2026-01-02T03:05:05.000Z",
    });
  });

  it("counts the age of a change that came during a sync from its own time", () => {
    const { health, pass } = setUp();
    health.queued();
    pass(30_000);
    health.syncing();
    health.queued();
    health.synced();
    pass(59_999);
    expect(health.report("livez").healthy).toBe(true);
    pass(1);
    expect(health.report("livez").healthy).toBe(false);
  });

  it.each([3_600_000, -3_600_000])(
    "does not take a jump of the clock by %i ms for a delay",
    (ms) => {
      const { health, pass, jump } = setUp();
      health.queued();
      jump(ms);
      pass(59_999);
      expect(health.report("livez").healthy).toBe(true);
      pass(1);
      expect(health.report("livez").healthy).toBe(false);
    },
  );

  it("keeps the age of a change whose sync failed", () => {
    const { health, pass } = setUp();
    health.queued();
    health.syncing();
    pass(60_000);
    health.queued();
    health.syncing();
    expect(health.report("livez").healthy).toBe(false);
  });

  it.each<[string, Partial<Node>]>([
    [
      "is being deleted",
      { metadata: { name: "node-1", deletionTimestamp: "2026-01-02T03:04:05Z" } },
    ],
    [
      "is tainted for removal",
      { spec: { taints: [{ key: "ToBeDeletedByClusterAutoscaler", effect: "NoSchedule" }] } },
    ],
  ])("tells load balancers, but not supervisors, when the node %s", (_, fields) => {
    const { health } = setUp(fields);
    expect(health.report("healthz")).toMatchObject({ nodeEligible: false, healthy: false });
    expect(health.report("livez")).toMatchObject({ nodeEligible: false, healthy: true });
  });

  it("lists the ports that are not served, and stays healthy", () => {
    const unbound = [{ frontend: "TCP/127.0.0.1:30080", reason: "EADDRINUSE" }];
    const { health } = setUp({}, unbound);
    expect(health.report("healthz")).toMatchObject({ healthy: true, unboundPorts: unbound });
  });
});

function setUp(
  node: Partial<Node> = {},
  unbound: readonly { frontend: string; reason: string }[] = [],
) {
  let [now, monotonic] = [START, 5_000];
  const health = createProxyHealth({
    clock: { now: () => now, monotonic: () => monotonic },
    timeoutMs: 60_000,
    families: ["IPv4"],
    node: () => ({
      apiVersion: "v1",
      kind: "Node",
      metadata: { name: "node-1" },
      spec: {},
      ...node,
    }),
    unboundPorts: () => unbound,
  });
  return {
    health,
    pass(ms: number) {
      now += ms;
      monotonic += ms;
    },
    jump: (ms: number) => void (now += ms),
  };
}

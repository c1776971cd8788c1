import type { ServiceSpec } from "@kubehop/api";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createAffinityMemory, NO_AFFINITY } from "./affinity.ts";
import { acceptsFlows, decide } from "./decide.ts";
import type { Flow } from "./flow.ts";
import { buildTable, type ServiceTable } from "./service-table.ts";
import { serviceFixture, type SliceFixture, sliceFixture } from "./testing/fixtures.ts";

const NODE = { name: "node-1", addresses: ["172.31.0.11"] };
const TERMINATING = { ready: false, serving: true, terminating: true };

describe("decide", () => {
  it("forwards to the endpoint of the draw and explains itself", () => {
    const table = tableOf(["10.244.1.5", "10.244.1.6"]);
    expect(decide(table, flowTo("10.96.0.50"), 0.75, NO_AFFINITY)).toMatchObject({
      kind: "forward",
      frontend: { key: "TCP/10.96.0.50:80" },
      endpoint: { key: "10.244.1.6:8080" },
      draw: 0.75,
      affinity: false,
    });
  });

  it.each([
    ["an address of no Service", "10.96.9.9", ["10.244.1.5"], "NoService"],
    ["a Service without endpoints", "10.96.0.50", [], "NoEndpoints"],
  ])("rejects %s", (_, ip, endpoints, reason) => {
    expect(decide(tableOf(endpoints), flowTo(ip), 0, NO_AFFINITY)).toMatchObject({
      kind: "reject",
      reason,
    });
  });

  it("rejects when every endpoint has weight 0", () => {
    const table = tableOf(["10.244.1.5"], {}, { "10.244.1.5": 0 });
    expect(decide(table, flowTo("10.96.0.50"), 0, NO_AFFINITY)).toMatchObject({
      kind: "reject",
      reason: "NoEndpoints",
    });
  });

  describe("with a Local policy", () => {
    const internal = { internalTrafficPolicy: "Local" as const };
    const external = { type: "NodePort" as const, externalTrafficPolicy: "Local" as const };
    const local = { addresses: ["10.244.1.5"], nodeName: "node-1" };
    const remote = { addresses: ["10.244.2.6"], nodeName: "node-2" };

    it("forwards to this node's endpoints only", () => {
      const table = tableOf([local, remote], internal);
      for (const draw of [0, 0.5, 0.99]) {
        expect(decide(table, flowTo("10.96.0.50"), draw, NO_AFFINITY)).toMatchObject({
          endpoint: { key: "10.244.1.5:8080" },
        });
      }
    });

    it("drops when endpoints are on other nodes only, rejects when there are none", () => {
      const dropped = decide(tableOf([remote], internal), flowTo("10.96.0.50"), 0, NO_AFFINITY);
      expect(dropped).toMatchObject({ kind: "drop", reason: "NoLocalEndpoints" });
      const rejected = decide(tableOf([], internal), flowTo("10.96.0.50"), 0, NO_AFFINITY);
      expect(rejected).toMatchObject({ kind: "reject", reason: "NoEndpoints" });
    });

    it("uses a terminating endpoint of this node before dropping", () => {
      const table = tableOf([{ ...local, conditions: TERMINATING }, remote], internal);
      expect(decide(table, flowTo("10.96.0.50"), 0, NO_AFFINITY)).toMatchObject({
        endpoint: { key: "10.244.1.5:8080" },
      });
    });

    it("short-circuits the cluster's own clients of an external address to Cluster", () => {
      const table = tableOf([remote], external);
      const flow = flowTo("172.31.0.11", 30_080);
      expect(decide(table, flow, 0, NO_AFFINITY).kind).toBe("drop");
      expect(decide(table, { ...flow, fromCluster: true }, 0, NO_AFFINITY)).toMatchObject({
        endpoint: { key: "10.244.2.6:8080" },
      });
      expect(decide(table, flowTo("10.96.0.50"), 0, NO_AFFINITY).kind).toBe("forward");
    });

    it.each([
      ["internal, local endpoint", [local], internal, true],
      ["internal, remote endpoint", [remote], internal, false],
      ["external, remote endpoint (for the cluster's own clients)", [remote], external, true],
      ["external, no endpoint", [], external, false],
    ])("accepts flows: %s → %s", (_, endpoints, spec, expected) => {
      const table = tableOf(endpoints, spec);
      const key = "type" in spec ? "TCP/172.31.0.11:30080" : "TCP/10.96.0.50:80";
      const frontend = table.frontends.get(key);
      expect(frontend && acceptsFlows(frontend)).toBe(expected);
    });
  });

  describe("with affinity ClientIP", () => {
    const sticky = { sessionAffinity: "ClientIP" as const };

    it("stays with the remembered endpoint whatever the draw, while it may be picked", () => {
      fc.assert(
        fc.property(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), (draw) => {
          const memory = createAffinityMemory({ monotonic: () => 0 });
          const table = tableOf(["10.244.1.5", "10.244.1.6", "10.244.1.7"], sticky);
          const first = decide(table, flowTo("10.96.0.50"), draw, memory);
          if (first.kind !== "forward") throw new Error("not forwarded");
          memory.remember(first.frontend.service, "10.244.9.9", first.endpoint.key);
          for (const next of [0, 0.4, 0.99]) {
            const decision = decide(table, flowTo("10.96.0.50"), next, memory);
            expect(decision).toMatchObject({ endpoint: first.endpoint, affinity: true });
          }
        }),
      );
    });

    it("draws anew when the remembered endpoint is gone or has weight 0", () => {
      const memory = createAffinityMemory({ monotonic: () => 0 });
      const frontend = tableOf(["10.244.1.5"], sticky).frontends.get("TCP/10.96.0.50:80");
      if (frontend === undefined) throw new Error("no frontend");
      memory.remember(frontend.service, "10.244.9.9", "10.244.1.5:8080");
      const gone = tableOf(["10.244.1.6"], sticky);
      const drained = tableOf(["10.244.1.5", "10.244.1.6"], sticky, { "10.244.1.5": 0 });
      for (const table of [gone, drained]) {
        expect(decide(table, flowTo("10.96.0.50"), 0, memory)).toMatchObject({
          endpoint: { key: "10.244.1.6:8080" },
          affinity: false,
        });
      }
    });

    it("is off in a retry", () => {
      const memory = createAffinityMemory({ monotonic: () => 0 });
      const table = tableOf(["10.244.1.5", "10.244.1.6"], sticky);
      const frontend = table.frontends.get("TCP/10.96.0.50:80");
      if (frontend === undefined) throw new Error("no frontend");
      memory.remember(frontend.service, "10.244.9.9", "10.244.1.5:8080");
      const tried = new Set(["10.244.1.5:8080"]);
      const decision = decide(table, { ...flowTo("10.96.0.50"), tried }, 0, memory);
      expect(decision).toMatchObject({ endpoint: { key: "10.244.1.6:8080" }, affinity: false });
    });
  });

  it("tries other endpoints first and the tried ones again only when none is left", () => {
    const table = tableOf(["10.244.1.5", "10.244.1.6"]);
    const retry = (...keys: string[]) =>
      decide(table, { ...flowTo("10.96.0.50"), tried: new Set(keys) }, 0, NO_AFFINITY);
    expect(retry("10.244.1.5:8080")).toMatchObject({ endpoint: { key: "10.244.1.6:8080" } });
    expect(retry("10.244.1.5:8080", "10.244.1.6:8080")).toMatchObject({
      endpoint: { key: "10.244.1.5:8080" },
    });
  });

  it("gives the same answer to the same question", () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.ipV4(), { minLength: 1, maxLength: 20 }),
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        (endpoints, draw) => {
          const [one, two] = [tableOf(endpoints), tableOf(endpoints.toReversed())];
          const flow = flowTo("10.96.0.50");
          const decisions = [one, two].map((table) => decide(table, flow, draw, NO_AFFINITY));
          expect(decisions[0]).toEqual(decisions[1]);
        },
      ),
    );
  });
});

function flowTo(ip: string, port = 80): Flow {
  return { protocol: "TCP", client: { ip: "10.244.9.9", port: 40_000 }, frontend: { ip, port } };
}

function tableOf(
  endpoints: SliceFixture["endpoints"],
  spec: Partial<ServiceSpec> = {},
  weights: Record<string, number> = {},
): ServiceTable {
  const ports = [{ name: "http", port: 80, nodePort: 30_080 }];
  const service = serviceFixture({ spec, ports });
  return buildTable([service], [sliceFixture({ endpoints, weights })], NODE, "7");
}

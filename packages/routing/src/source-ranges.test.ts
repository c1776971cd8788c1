import { describe, expect, it } from "vitest";
import { NO_AFFINITY } from "./affinity.ts";
import { decide } from "./decide.ts";
import { buildTable } from "./service-table.ts";
import { isInRange, limitingRanges } from "./source-ranges.ts";
import { serviceFixture, sliceFixture } from "./testing/fixtures.ts";

const NODE = { name: "node-1", addresses: ["172.31.0.11"] };

describe("limitingRanges", () => {
  it.each([
    [["10.0.0.0/8", "fd00::/8"], "IPv4", ["10.0.0.0/8"]],
    [["10.0.0.0/8", "fd00::/8"], "IPv6", ["fd00::/8"]],
    [["10.0.0.0/8", "0.0.0.0/0"], "IPv4", []],
  ] as const)("of %j for %s are %j", (ranges, family, limiting) => {
    expect(limitingRanges(ranges, family)).toEqual(limiting);
  });
});

describe("isInRange", () => {
  it.each([
    ["10.1.2.3", "10.0.0.0/8", true],
    ["11.1.2.3", "10.0.0.0/8", false],
    ["10.1.2.3", "10.0.0.0/33", false],
    ["10.1.2.3", "nonsense", false],
    ["fd00::1", "fd00::/8", true],
    ["10.1.2.3", "fd00::/8", false],
  ])("%s in %s: %s", (ip, range, expected) => {
    expect(isInRange(ip, range)).toBe(expected);
  });
});

describe("decide with loadBalancerSourceRanges", () => {
  const ask = (ranges: string[], client: string, frontend: string, port = 80) => {
    const service = serviceFixture({
      ports: [{ name: "http", port: 80, nodePort: 30_080 }],
      spec: { type: "LoadBalancer", loadBalancerSourceRanges: ranges },
      status: { loadBalancer: { ingress: [{ ip: "203.0.113.10" }] } },
    });
    const table = buildTable([service], [sliceFixture({ endpoints: ["10.244.1.1"] })], NODE, "1");
    const flow = {
      protocol: "TCP" as const,
      client: { ip: client, port: 1 },
      frontend: { ip: frontend, port },
    };
    const decision = decide(table, flow, 0, NO_AFFINITY);
    return decision.kind === "forward" ? "forward" : decision.reason;
  };

  it.each([
    [["198.51.100.0/24"], "198.51.100.7", "203.0.113.10", 80, "forward"],
    [["198.51.100.0/24"], "198.51.101.7", "203.0.113.10", 80, "SourceNotAllowed"],
    [["0.0.0.0/0"], "198.51.101.7", "203.0.113.10", 80, "forward"],
    // They hold for the balancer's address alone.
    [["198.51.100.0/24"], "198.51.101.7", "10.96.0.50", 80, "forward"],
    [["198.51.100.0/24"], "198.51.101.7", "172.31.0.11", 30_080, "forward"],
    // The node's own flows come from the address itself.
    [["172.31.0.0/24"], "203.0.113.10", "203.0.113.10", 80, "forward"],
    [["198.51.100.0/24"], "203.0.113.10", "203.0.113.10", 80, "SourceNotAllowed"],
  ])("%j lets %s to %s:%i: %s", (ranges, client, frontend, port, expected) => {
    expect(ask(ranges, client, frontend, port)).toBe(expected);
  });
});

import type { Endpoint, Node } from "@kubehop/api";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { nodeOf, serviceOf } from "../../testing/objects.ts";
import type { PortGroup } from "./endpoints.ts";
import { topologyHints, topologyKey, wantsTopologyHints } from "./topology.ts";

const ZONE = "topology.kubernetes.io/zone";

function node(name: string, zone: string | undefined, cpu: string | undefined, ready = true): Node {
  const plain = nodeOf(name, {}, zone === undefined ? {} : { [ZONE]: zone });
  return {
    ...plain,
    status: {
      conditions: [{ type: "Ready", status: ready ? "True" : "False" }],
      ...(cpu !== undefined && { allocatable: { cpu } }),
    },
  };
}

/** One group of ports with so many ready endpoints in each zone, and one that is not ready. */
function groupsOf(zones: Readonly<Record<string, number>>): Map<string, PortGroup> {
  const ready = Object.entries(zones).flatMap(([zone, count]) =>
    Array.from({ length: count }, (_, n): Endpoint => ({
      addresses: [`10.244.${zone.charCodeAt(0)}.${n}`],
      conditions: { ready: true },
      ...(zone !== "-" && { zone }),
    })),
  );
  const waiting: Endpoint = { addresses: ["10.244.0.1"], conditions: { ready: false }, zone: "a" };
  const endpoints = [...ready, waiting].map((endpoint) => ({ endpoint, weight: 1 }));
  return new Map([["80", { ports: [{ name: "", port: 80, protocol: "TCP" }], endpoints }]]);
}

/** How many endpoints are hinted to each zone, or why there are no hints. */
function hintCounts(zones: Readonly<Record<string, number>>, nodes: readonly Node[]): unknown {
  const result = topologyHints(groupsOf(zones), nodes);
  if ("problem" in result) return result.problem;
  const counts: Record<string, number> = {};
  for (const { endpoint } of result.groups.get("80")?.endpoints ?? []) {
    const zone = endpoint.hints?.forZones?.[0]?.name ?? "none";
    counts[zone] = (counts[zone] ?? 0) + 1;
  }
  return counts;
}

const EVEN = [node("n1", "a", "2"), node("n2", "b", "2000m"), node("n3", "c", "2")];

describe("topologyHints", () => {
  it.each([
    ["keeps each endpoint in its zone", { a: 2, b: 2, c: 2 }, EVEN, { a: 2, b: 2, c: 2, none: 1 }],
    [
      "hands on what a zone has too many",
      { a: 4, b: 1, c: 1 },
      EVEN,
      { a: 2, b: 2, c: 2, none: 1 },
    ],
    [
      "shares by CPUs",
      { a: 4, b: 4 },
      [node("n1", "a", "6"), node("n2", "b", "2")],
      { a: 6, b: 2, none: 1 },
    ],
    [
      "takes endpoints out of a zone without ready nodes",
      { a: 2, b: 2, c: 2 },
      [...EVEN.slice(0, 2), node("n3", "c", "2", false)],
      { a: 3, b: 3, none: 1 },
    ],
  ])("%s", (_, zones, nodes, expected) => expect(hintCounts(zones, nodes)).toEqual(expected));

  it.each([
    [{ a: 3 }, [node("n1", "a", "2")], "nodes are ready in one zone only"],
    [{ a: 3 }, [node("n1", "a", "2"), node("n2", undefined, "2")], "not every node tells"],
    [{ a: 3 }, [node("n1", "a", "2"), node("n2", "b", undefined)], "not every node tells"],
    [{ a: 1, b: 1 }, EVEN, "fewer endpoints than zones"],
    [{ a: 1, b: 1, c: 1, "-": 1 }, EVEN, "cannot be shared|has no zone"],
    [{ a: 2, b: 2 }, EVEN, "without overloading"],
  ])("has no hints for %j", (zones, nodes, problem) => {
    expect(hintCounts(zones, nodes)).toMatch(new RegExp(problem));
  });

  it("gives each ready endpoint one zone, and no zone far less than its share", () => {
    const counts = fc.record({ a: fc.nat(20), b: fc.nat(20), c: fc.nat(20) });
    const cpus = fc.tuple(fc.integer({ min: 1, max: 64 }), fc.integer({ min: 1, max: 64 }));
    fc.assert(
      fc.property(counts, cpus, (zones, [first, second]) => {
        const nodes = [node("n1", "a", String(first)), node("n2", "b", String(second))];
        const found = hintCounts(zones, nodes);
        const total = zones.a + zones.b + zones.c;
        if (typeof found === "string") return true;
        const { a = 0, b = 0, none } = found as Record<string, number>;
        const share = (total * first) / (first + second);
        return none === 1 && a + b <= total && a > share - 1.01 && b > total - share - 1.01;
      }),
    );
  });

  it("is the same for the same endpoints in another order", () => {
    const groups = groupsOf({ a: 5, b: 1, c: 1 });
    const [group] = groups.values();
    if (group === undefined) throw new Error("there is one group");
    const reversed = new Map([["80", { ...group, endpoints: group.endpoints.toReversed() }]]);
    const hintsOf = (given: ReadonlyMap<string, PortGroup>): unknown => {
      const result = topologyHints(given, EVEN);
      const endpoints = "groups" in result ? (result.groups.get("80")?.endpoints ?? []) : [];
      return new Map(
        endpoints
          .map(({ endpoint }) => [endpoint.addresses[0] ?? "", endpoint.hints] as const)
          .toSorted(([a], [b]) => (a < b ? -1 : 1)),
      );
    };
    expect(hintsOf(reversed)).toEqual(hintsOf(groups));
  });
});

describe("wantsTopologyHints", () => {
  it.each([
    ["Auto", true],
    ["auto", true],
    ["Disabled", false],
    [undefined, false],
  ])("%s: %s", (mode, expected) => {
    const service = serviceOf();
    if (mode !== undefined) {
      service.metadata.annotations = { "service.kubernetes.io/topology-mode": mode };
    }
    expect(wantsTopologyHints(service)).toBe(expected);
  });
});

describe("topologyKey", () => {
  it("changes with zone, CPUs and readiness", () => {
    const keys = [
      node("n1", "a", "2"),
      node("n1", "b", "2"),
      node("n1", "a", "4"),
      node("n1", "a", "2", false),
      undefined,
    ].map(topologyKey);
    expect(new Set(keys).size).toBe(5);
    expect(topologyKey(node("n2", "a", "2"))).toBe(keys[0]);
  });
});

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { buildTable, type ServiceTable } from "./service-table.ts";
import { diffTables, sameTable } from "./table-diff.ts";
import { serviceFixture, sliceFixture } from "./testing/fixtures.ts";

const NODE = { name: "node-1", addresses: ["172.31.0.11"] };

/** Service number → weight of each of its endpoints. */
type Model = Readonly<Record<number, readonly number[]>>;

const models: fc.Arbitrary<Model> = fc.dictionary(
  fc.integer({ min: 0, max: 6 }).map(String),
  fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 4 }),
);

describe("diffTables", () => {
  it("finds nothing between two tables of the same registry, whatever their revisions", () => {
    fc.assert(
      fc.property(models, (model) => {
        expect(sameTable(tableOf(model, "1"), tableOf(model, "2"))).toBe(true);
      }),
    );
  });

  it("names exactly the frontends that came, went or changed", () => {
    fc.assert(
      fc.property(models, models, (before, after) => {
        const { added, removed, changed } = diffTables(tableOf(before), tableOf(after));
        const ips = (list: readonly { ip: string }[]) => list.map(({ ip }) => ip).sort();
        const expected = (keep: (key: string) => boolean, of: Model) =>
          Object.keys(of).filter(keep).map(clusterIp).sort();
        expect(ips(added)).toEqual(expected((key) => !(key in before), after));
        expect(ips(removed)).toEqual(expected((key) => !(key in after), before));
        expect(ips(changed.map(({ current }) => current))).toEqual(
          expected((key) => key in before && !sameWeights(before, after, key), after),
        );
      }),
    );
  });

  it("takes every frontend of a first table as added", () => {
    const table = tableOf({ 1: [1], 2: [] });
    expect(diffTables(undefined, table).added).toEqual([...table.frontends.values()]);
  });

  it.each([
    ["affinity", { spec: { sessionAffinity: "ClientIP" as const } }],
    ["internalTrafficPolicy", { spec: { internalTrafficPolicy: "Local" as const } }],
    ["source ranges", { spec: { loadBalancerSourceRanges: ["203.0.113.0/25"] } }],
    ["the health check's port", { spec: { healthCheckNodePort: 30_100 } }],
    ["the port's name", { ports: [{ name: "web", port: 80 }] }],
  ])("sees a change of %s", (_, fixture) => {
    const [before, after] = [{}, fixture].map((of) =>
      buildTable([serviceFixture(of)], [], NODE, "1"),
    );
    if (before === undefined || after === undefined) throw new Error("no tables");
    expect(diffTables(before, after).changed).toHaveLength(1);
  });

  it("sees another endpoint serve while it terminates, beside the same ready ones", () => {
    const [before, after] = ["10.244.1.2", "10.244.1.3"].map((lingering) => {
      const conditions = { ready: false, serving: true, terminating: true };
      const endpoints = ["10.244.1.1", { addresses: [lingering], conditions }];
      return buildTable([serviceFixture()], [sliceFixture({ endpoints })], NODE, "1");
    });
    if (before === undefined || after === undefined) throw new Error("no tables");
    expect(diffTables(before, after).changed).toHaveLength(1);
  });

  it("sees an endpoint stop serving that was not ready anyway", () => {
    const [before, after] = [true, false].map((serving) => {
      const conditions = { ready: false, serving, terminating: true };
      const endpoints = ["10.244.1.1", { addresses: ["10.244.1.2"], conditions }];
      return buildTable([serviceFixture()], [sliceFixture({ endpoints })], NODE, "1");
    });
    if (before === undefined || after === undefined) throw new Error("no tables");
    expect(diffTables(before, after).changed).toHaveLength(1);
  });
});

function sameWeights(before: Model, after: Model, key: string): boolean {
  return JSON.stringify(before[Number(key)]) === JSON.stringify(after[Number(key)]);
}

function tableOf(model: Model, resourceVersion = "1"): ServiceTable {
  const entries = Object.entries(model);
  const services = entries.map(([key]) =>
    serviceFixture({ name: `s${key}`, spec: { clusterIP: clusterIp(key) } }),
  );
  const slices = entries.map(([key, weights]) => {
    const addresses = weights.map((_, n) => `10.244.${key}.${n + 1}`);
    return sliceFixture({
      service: `s${key}`,
      endpoints: addresses,
      weights: Object.fromEntries(addresses.map((ip, n) => [ip, weights[n] ?? 1])),
    });
  });
  return buildTable(services, slices, NODE, resourceVersion);
}

function clusterIp(key: string): string {
  return `10.96.0.${Number(key) + 1}`;
}

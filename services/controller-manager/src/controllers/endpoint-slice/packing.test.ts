import type { EndpointSlice } from "@kubehop/api";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { nodeOf, podOf, serviceOf } from "../../testing/objects.ts";
import { type PortGroup, wantedEndpoints } from "./endpoints.ts";
import { planPacking } from "./packing.ts";

const node = nodeOf("node-1");

/** The groups of a Service whose pods have these addresses; odd ones listen on another port. */
function groupsOf(hosts: readonly number[]): ReadonlyMap<string, PortGroup> {
  const pods = hosts.map((host) => {
    const ports = [{ name: "http", containerPort: host % 2 === 0 ? 8080 : 9090 }];
    const pod = podOf({ name: `pod-${host}`, ip: `10.244.0.${host}`, node: "node-1" });
    pod.metadata.uid = `uid-of-${host}`;
    return { ...pod, spec: { ...pod.spec, containers: [{ name: "main", ports }] } };
  });
  const sources = { service: serviceOf(), pods, node: () => node };
  return wantedEndpoints(sources, "IPv4").groups;
}

let names = 0;

/** Carries a plan out, as the controller would; gives the slices and the number of writes. */
function carryOut(
  slices: readonly EndpointSlice[],
  groups: ReadonlyMap<string, PortGroup>,
  max: number,
): { readonly slices: EndpointSlice[]; readonly writes: number } {
  const plan = planPacking(groups, slices, max);
  const removed = new Set(plan.delete);
  const kept = slices
    .filter((slice) => !removed.has(slice))
    .map((slice) => {
      const content = plan.update.get(slice);
      if (content === undefined) return slice;
      const endpoints = content.endpoints.map(({ endpoint }) => endpoint);
      return { ...slice, endpoints, ports: [...content.ports] };
    });
  const created = plan.create.map((content): EndpointSlice => {
    names += 1;
    return {
      apiVersion: "discovery.k8s.io/v1",
      kind: "EndpointSlice",
      metadata: { name: `slice-${names}`, namespace: "default" },
      addressType: "IPv4",
      endpoints: content.endpoints.map(({ endpoint }) => endpoint),
      ports: [...content.ports],
    };
  });
  const writes = plan.create.length + plan.update.size + plan.delete.length;
  return { slices: [...kept, ...created], writes };
}

function hostsIn(slices: readonly EndpointSlice[]): number[] {
  return slices
    .flatMap((slice) => slice.endpoints)
    .map(({ addresses }) => Number(addresses[0]?.split(".").at(-1)))
    .toSorted((a, b) => a - b);
}

const hosts = fc.uniqueArray(fc.integer({ min: 1, max: 60 }), { maxLength: 40 });

describe("planPacking", () => {
  it("holds every wanted endpoint once, in slices of its ports, none too full", () => {
    const max = fc.integer({ min: 1, max: 7 });
    fc.assert(
      fc.property(fc.array(hosts, { minLength: 1, maxLength: 6 }), max, (rounds, limit) => {
        let slices: EndpointSlice[] = [];
        for (const wanted of rounds) {
          slices = carryOut(slices, groupsOf(wanted), limit).slices;
          expect(hostsIn(slices)).toEqual(wanted.toSorted((a, b) => a - b));
          for (const { endpoints, ports } of slices) {
            expect(endpoints.length).toBeLessThanOrEqual(limit);
            const odd = endpoints.map(
              ({ addresses }) => Number(addresses[0]?.split(".").at(-1)) % 2,
            );
            const port = ports?.[0]?.port;
            expect(odd.every((one) => port === (one === 0 ? 8080 : 9090))).toBe(true);
          }
          expect(slices.length).toBeGreaterThan(0);
        }
      }),
    );
  });

  it("writes nothing when nothing changed", () => {
    fc.assert(
      fc.property(hosts, fc.integer({ min: 1, max: 7 }), (wanted, max) => {
        const { slices } = carryOut([], groupsOf(wanted), max);
        expect(carryOut(slices, groupsOf(wanted), max).writes).toBe(0);
      }),
    );
  });

  it("writes one slice when one endpoint comes or goes", () => {
    fc.assert(
      fc.property(hosts, fc.integer({ min: 2, max: 7 }), (wanted, max) => {
        fc.pre(wanted.length > 2);
        const { slices } = carryOut([], groupsOf(wanted), max);
        const fewer = carryOut(slices, groupsOf(wanted.slice(1)), max);
        expect(fewer.writes).toBe(1);
        expect(carryOut(fewer.slices, groupsOf(wanted), max).writes).toBe(1);
      }),
    );
  });

  it("fills the slice that fits best and leaves the others alone", () => {
    const first = carryOut([], groupsOf([2, 4, 6, 8, 10]), 3).slices;
    expect(first.map(({ endpoints }) => endpoints.length)).toEqual([3, 2]);
    const next = carryOut(first, groupsOf([2, 4, 6, 8, 10, 12]), 3);
    expect(next.writes).toBe(1);
    expect(next.slices.map(({ endpoints }) => endpoints.length)).toEqual([3, 3]);
  });

  it("splits a slice that is too full for a lower limit", () => {
    const { slices } = carryOut([], groupsOf([2, 4, 6, 8, 10]), 5);
    const next = carryOut(slices, groupsOf([2, 4, 6, 8, 10]), 3).slices;
    expect(next.map(({ endpoints }) => endpoints.length)).toEqual([3, 2]);
  });

  it("turns a slice over to other ports instead of deleting and creating", () => {
    const { slices } = carryOut([], groupsOf([2]), 3);
    const plan = planPacking(groupsOf([3]), slices, 3);
    expect([plan.create.length, plan.update.size, plan.delete.length]).toEqual([0, 1, 0]);
  });

  it("keeps one placeholder for a Service without endpoints", () => {
    const { slices } = carryOut([], groupsOf([]), 3);
    expect(slices).toMatchObject([{ endpoints: [], ports: [] }]);
    expect(carryOut(slices, groupsOf([]), 3).writes).toBe(0);
    expect(carryOut(slices, groupsOf([2, 4]), 3).slices).toHaveLength(1);
  });
});

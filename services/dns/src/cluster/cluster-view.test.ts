import { systemClock } from "@kubehop/kit";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { namespace, pod, service, slice } from "../testing/cluster-objects.ts";
import { createMemorySource, type MemorySource } from "../testing/memory-source.ts";
import { type ClusterView, createClusterView } from "./cluster-view.ts";
import { addressesOf } from "./service-entry.ts";

const IPS = ["10.96.0.1", "10.96.0.2", "10.244.0.1", "10.244.0.2", "fd00::1"];
const NAMES = ["a", "b"];

function viewOf(source: MemorySource, onApplied = (_revision: number): void => undefined) {
  return createClusterView({
    source,
    clock: systemClock,
    onApplied,
    onProgrammed: () => undefined,
  });
}

/** Everything a view says about the names and addresses of these tests. */
function facts(view: ClusterView): unknown {
  return {
    services: NAMES.map((name) => {
      const entry = view.service("default", name);
      return [
        entry?.clusterIPs,
        entry &&
          addressesOf(entry)
            .map(({ ip }) => ip)
            .toSorted(),
      ];
    }),
    byIp: IPS.map((ip) => [
      view
        .servicesOf(ip)
        .map(({ name }) => name)
        .toSorted(),
      view
        .endpointsOf(ip)
        .map((each) => each.service)
        .toSorted(),
    ]),
  };
}

describe("the cluster view", () => {
  it("takes a slice that is deleted or moved to another Service out of the first", () => {
    const source = createMemorySource();
    const view = viewOf(source);
    source.services.apply(service("default/a", { clusterIP: "None" }));
    source.slices.apply(slice("default/a", { endpoints: [{ addresses: ["10.244.0.1"] }] }));
    expect(view.endpointsOf("10.244.0.1")).toMatchObject([{ service: "a" }]);
    const moved = slice("default/b", { endpoints: [{ addresses: ["10.244.0.1"] }] });
    source.slices.apply({ ...moved, metadata: { ...moved.metadata, name: "a-1" } });
    expect(view.service("default", "a")?.slices).toEqual([]);
    expect(view.endpointsOf("10.244.0.1")).toMatchObject([{ service: "b" }]);
    source.slices.remove("default/a-1");
    expect(view.endpointsOf("10.244.0.1")).toEqual([]);
    expect(view.service("default", "b")).toBeUndefined();
  });

  it("finds IPv6 addresses in any spelling", () => {
    const source = createMemorySource();
    const view = viewOf(source);
    source.services.apply(service("default/a", { clusterIP: "FD00:0:0::1" }));
    expect(view.servicesOf("fd00::1")).toHaveLength(1);
  });

  it("knows the addresses of pods that run, once it follows pods", () => {
    const source = createMemorySource();
    const view = viewOf(source);
    source.pods.apply(pod("default/p", "10.244.0.1"));
    expect(view.hasPod("default", "10.244.0.1")).toBe(false);
    view.followPods();
    expect(view.hasPod("default", "10.244.0.1")).toBe(true);
    expect(view.hasPod("other", "10.244.0.1")).toBe(false);
    source.pods.apply(pod("default/p", "10.244.0.1", "Succeeded"));
    expect(view.hasPod("default", "10.244.0.1")).toBe(false);
  });

  it("tells once of all changes of a turn, with the newest revision", async () => {
    const source = createMemorySource();
    const revisions: number[] = [];
    viewOf(source, (revision) => revisions.push(revision));
    source.namespaces.apply(namespace("default"));
    source.services.apply(service("default/a", { clusterIP: "10.96.0.1" }));
    await new Promise((resolve) => setImmediate(resolve));
    expect(revisions).toEqual([2]);
  });

  it("says after any changes what one that starts now would say", () => {
    const name = fc.constantFrom(...NAMES);
    const ip = fc.constantFrom(...IPS);
    const change = fc.oneof(
      fc.record({ kind: fc.constant("service" as const), name, ip }),
      fc.record({ kind: fc.constant("no service" as const), name }),
      fc.record({
        kind: fc.constant("slice" as const),
        name,
        suffix: fc.constantFrom("1", "2"),
        ips: fc.array(ip, { maxLength: 3 }),
        ready: fc.boolean(),
      }),
      fc.record({
        kind: fc.constant("no slice" as const),
        name,
        suffix: fc.constantFrom("1", "2"),
      }),
    );
    fc.assert(
      fc.property(fc.array(change, { maxLength: 25 }), (changes) => {
        const source = createMemorySource();
        const view = viewOf(source);
        for (const each of changes) {
          if (each.kind === "service") {
            source.services.apply(service(`default/${each.name}`, { clusterIP: each.ip }));
          } else if (each.kind === "no service") {
            source.services.remove(`default/${each.name}`);
          } else if (each.kind === "slice") {
            const { suffix, ready } = each;
            const endpoints = each.ips.map((one) => ({ addresses: [one], conditions: { ready } }));
            source.slices.apply(slice(`default/${each.name}`, { endpoints, suffix }));
          } else {
            source.slices.remove(`default/${each.name}-${each.suffix}`);
          }
        }
        expect(facts(view)).toEqual(facts(viewOf(source)));
      }),
    );
  });
});

import { type EndpointSlice, HEADLESS_LABEL, type KubeObject, namespacedName } from "@kubehop/api";
import { createStore, type WritableStore } from "@kubehop/client";
import { buildTable, sameTable, type ServiceTable } from "@kubehop/routing";
import { serviceFixture, sliceFixture } from "@kubehop/routing/testing";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createNodeTable, SLICES_BY_SERVICE } from "./node-table.ts";

const NODE = { name: "node-1", addresses: ["172.31.0.11"] };

describe("createNodeTable", () => {
  it("is at every moment the table of what the stores hold", () => {
    const names = fc.constantFrom("a", "b", "c");
    const change = fc.oneof(
      fc.record({ service: names, ip: fc.integer({ min: 1, max: 2 }) }),
      fc.record({ service: names }),
      fc.record({
        slice: fc.constantFrom("x", "y"),
        of: names,
        endpoint: fc.integer({ min: 1, max: 3 }),
        headless: fc.boolean(),
      }),
      fc.record({ slice: fc.constantFrom("x", "y") }),
      fc.constantFrom({ zone: undefined }, { zone: "z1" }),
    );
    fc.assert(
      fc.property(fc.array(fc.array(change, { maxLength: 4 }), { maxLength: 8 }), (batches) => {
        const state = setUp();
        for (const batch of batches) {
          for (const one of batch) state.apply(one);
          state.check();
        }
      }),
    );
  });

  it("gives the same frontends again when nothing was touched", () => {
    const state = setUp();
    state.apply({ service: "a", ip: 1 });
    const [before, after] = [state.build(), state.build()];
    expect([...after.frontends.values()][0]).toBe([...before.frontends.values()][0]);
    expect(after.frontends.size).toBe(1);
  });
});

interface Change {
  readonly service?: string;
  readonly ip?: number;
  readonly slice?: string;
  readonly of?: string;
  readonly endpoint?: number;
  readonly headless?: boolean;
  readonly zone?: string | undefined;
}

/** Two stores that change as informers' do, and the table that is told so. */
function setUp() {
  const services = createStore<ReturnType<typeof serviceFixture>>();
  const slices = createStore<EndpointSlice>(SLICES_BY_SERVICE);
  const table = createNodeTable({ services, slices, node: NODE });
  let zone: string | undefined;
  const build = (): ServiceTable => table.build(zone, "1");

  function applySlice({ slice = "", of, endpoint = 1, headless = false }: Change): void {
    const labels = headless ? { [HEADLESS_LABEL]: "" } : {};
    const hinted = {
      addresses: [`10.244.0.${endpoint}`],
      hints: { forZones: [{ name: endpoint === 1 ? "z1" : "z2" }] },
    };
    const endpoints = [hinted, { ...hinted, addresses: ["10.244.1.1"] }];
    const current =
      of === undefined ? undefined : sliceFixture({ name: slice, service: of, labels, endpoints });
    table.touchSlice(put(slices, `default/${slice}`, current), current);
  }

  return {
    build,
    apply(change: Change): void {
      if ("zone" in change) zone = change.zone;
      if (change.slice !== undefined) applySlice(change);
      if (change.service === undefined) return;
      const { service: name, ip } = change;
      const spec = { clusterIP: `10.96.0.${ip}` };
      const current = ip === undefined ? undefined : serviceFixture({ name, spec });
      put(services, `default/${name}`, current);
      table.touchService(`default/${name}`);
    },
    check(): void {
      const node = zone === undefined ? NODE : { ...NODE, zone };
      expect(sameTable(build(), buildTable(services.list(), slices.list(), node, "1"))).toBe(true);
    },
  };
}

/** Puts an object into a store or, without one, takes the key out; gives what was there. */
function put<T extends KubeObject>(
  store: WritableStore<T>,
  key: string,
  current: T | undefined,
): T | undefined {
  if (current === undefined) return store.delete(key);
  expect(namespacedName(current)).toBe(key);
  return store.set(key, current);
}

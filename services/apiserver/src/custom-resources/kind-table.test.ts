import { Kinds, type Kind } from "@kubehop/api";
import { expect, it } from "vitest";
import { createKindTable, derivedFrom } from "./kind-table.ts";

const widget: Kind = { ...(Kinds.ConfigMap as Kind), group: "example.com", plural: "widgets" };

it("serves the built-in kinds, and custom ones as long as they are set", () => {
  const table = createKindTable();
  expect(table.byPlural("apps", "v1", "deployments")).toBe(Kinds.Deployment);
  expect(table.byPlural("example.com", "v1", "widgets")).toBeUndefined();
  table.setCustom([widget]);
  expect(table.byPlural("example.com", "v1", "widgets")).toBe(widget);
  expect(table.kinds()).toContain(widget);
  table.setCustom([]);
  expect(table.byPlural("example.com", "v1", "widgets")).toBeUndefined();
});

it("lets no custom kind take the place of a built-in one", () => {
  const table = createKindTable();
  table.setCustom([{ ...widget, group: "apps", plural: "deployments" }]);
  expect(table.byPlural("apps", "v1", "deployments")).toBe(Kinds.Deployment);
});

it("what follows from the table is computed once for each of its states", () => {
  const table = createKindTable();
  let computed = 0;
  const count = derivedFrom(table, (kinds) => {
    computed += 1;
    return kinds.length;
  });
  const before = count();
  expect([count(), computed]).toEqual([before, 1]);
  table.setCustom([widget]);
  expect([count(), computed]).toEqual([before + 1, 2]);
});

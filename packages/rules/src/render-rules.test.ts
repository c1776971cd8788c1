import { buildTable } from "@kubehop/routing";
import { serviceFixture, sliceFixture } from "@kubehop/routing/testing";
import { describe, expect, test } from "vitest";
import { isRulesMode, renderRules, RULES_MODES } from "./render-rules.ts";
import { GOLDEN_OPTIONS, goldenTable } from "./testing/golden-table.ts";

describe.each(RULES_MODES)("mode %s", (mode) => {
  test("renders seven Services as the golden file has them", async () => {
    const text = renderRules(goldenTable(), { ...GOLDEN_OPTIONS, mode });
    await expect(text).toMatchFileSnapshot(`./testing/golden/${mode}.txt`);
  });

  test("renders one Service as the golden file has it", async () => {
    const options = { ...GOLDEN_OPTIONS, mode, service: "default/shop" };
    const text = renderRules(goldenTable(), options);
    await expect(text).toMatchFileSnapshot(`./testing/golden/${mode}-shop.txt`);
    expect(text).not.toContain("10.96.0.50");
  });

  test("renders an empty table, and always ends with a newline", () => {
    const table = buildTable([], [], { name: "node-1", addresses: [] }, "1");
    expect(renderRules(table, { mode })).toMatch(/^$|\n$/);
  });

  test("renders the family of the node, and the other when asked", () => {
    const service = serviceFixture({ spec: { clusterIPs: ["10.96.0.50", "fd00:96::50"] } });
    const slices = [
      sliceFixture({ name: "four", endpoints: ["10.244.1.5"] }),
      sliceFixture({ name: "six", addressType: "IPv6", endpoints: ["fd00:244::5"] }),
    ];
    const node = { name: "node-1", addresses: ["172.31.0.11", "fd00:31::11"] };
    const table = buildTable([service], slices, node, "1");
    const options = { mode, clusterCidrs: ["10.244.0.0/16", "fd00:244::/64"] };
    const four = renderRules(table, options);
    const six = renderRules(table, { ...options, family: "IPv6" });
    expect(four).toContain("10.244.1.5");
    expect(four).not.toContain("fd00");
    expect(six).toContain("fd00:244::5");
    expect(six).not.toMatch(/10\.244|10\.96|127\.0/);
  });
});

test("knows its modes", () => {
  expect(RULES_MODES).toEqual(["iptables", "nftables", "ipvs"]);
  expect(isRulesMode("userspace")).toBe(false);
  expect(isRulesMode("toString")).toBe(false);
});

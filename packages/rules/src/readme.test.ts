import { readFileSync } from "node:fs";
import { join } from "node:path";
import { buildTable } from "@kubehop/routing";
import { serviceFixture, sliceFixture } from "@kubehop/routing/testing";
import { expect, test } from "vitest";
import { renderRules } from "./render-rules.ts";

test("the README's example is what it says", () => {
  const readme = readFileSync(join(import.meta.dirname, "../README.md"), "utf8");
  const [, example] = /```iptables\n([^`]*)```/.exec(readme) ?? [];
  const slice = sliceFixture({
    endpoints: ["10.244.1.10", "10.244.2.20", "10.244.3.30"],
    weights: { "10.244.2.20": 2, "10.244.3.30": 2 },
  });
  const node = { name: "node-1", addresses: ["172.31.0.11"] };
  const table = buildTable([serviceFixture()], [slice], node, "1");
  expect(renderRules(table, { mode: "iptables", service: "default/my-api" })).toBe(example);
});

import { diffTables, type ServiceTable } from "@kubehop/routing";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createRulesContext } from "../rules-options.ts";
import { GOLDEN_OPTIONS, goldenTable } from "../testing/golden-table.ts";
import { emptyNft, type ModelNft, runNft } from "../testing/nftables-model.ts";
import { randomTable } from "../testing/random-services.ts";
import type { NftCommand } from "./command.ts";
import { commandText } from "./command-text.ts";
import { renderNftables } from "./index.ts";
import { createNftablesPlanner } from "./planner.ts";

const CONTEXT = createRulesContext(["172.31.0.11"], GOLDEN_OPTIONS);

function rendered(table: ServiceTable): ModelNft {
  const model = emptyNft();
  runNft(model, renderNftables(table, GOLDEN_OPTIONS).split("\n"));
  return model;
}

function linesOf(commands: readonly NftCommand[]): string[] {
  return commands.map((command) => commandText(command, CONTEXT.family));
}

describe("createNftablesPlanner", () => {
  it("keeps the kernel at what is rendered, unit by unit and after each clean-up", () => {
    const step = fc.record({ table: randomTable, anew: fc.boolean(), clean: fc.boolean() });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 6 }), (steps) => {
        const model = emptyNft();
        const planner = createNftablesPlanner(CONTEXT);
        let before: ServiceTable | undefined;
        for (const [index, { table, anew, clean }] of steps.entries()) {
          const units = planner.update(diffTables(before, table));
          for (const unit of index === 0 || anew ? planner.replaceAll() : units)
            runNft(model, linesOf(unit));
          before = table;
          if (clean) runNft(model, linesOf(planner.takeStale()));
          const wanted = rendered(table);
          const kept = [...model.chains].filter(
            ([name, rules]) => wanted.chains.has(name) || rules.length > 0,
          );
          expect({ ...model, chains: new Map(clean ? model.chains : kept) }).toEqual(wanted);
        }
      }),
    );
  });

  it("has nothing to do for a table that means the same", () => {
    const planner = createNftablesPlanner(CONTEXT);
    planner.update(diffTables(undefined, goldenTable()));
    expect(planner.update(diffTables(goldenTable(), goldenTable()))).toEqual([]);
  });

  it("keeps a cluster IP while another port of its Service is left", () => {
    const planner = createNftablesPlanner(CONTEXT);
    const table = goldenTable();
    planner.update(diffTables(undefined, table));
    const frontends = table.frontends.with(new Map([["UDP/10.96.0.10:53", undefined]]));
    const lines = linesOf(planner.update(diffTables(table, { ...table, frontends })).flat());
    expect(lines).toContain("delete element ip kube-proxy service-ips { 10.96.0.10 . udp . 53 }");
    expect(lines.join("\n")).not.toContain("cluster-ips");
  });
});

import { diffTables, type ServiceTable } from "@kubehop/routing";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createRulesContext } from "../rules-options.ts";
import { GOLDEN_OPTIONS, goldenTable } from "../testing/golden-table.ts";
import { type ModelTables, restoreIptables, saveIptables } from "../testing/iptables-model.ts";
import { randomTable } from "../testing/random-services.ts";
import { renderIptables } from "./index.ts";
import { createIptablesPlanner } from "./planner.ts";
import { removeIptables } from "./saved-tables.ts";

const CONTEXT = createRulesContext(["172.31.0.11"], GOLDEN_OPTIONS);

/** The model's tables with what no rendering has: the canary and built-in chains without rules. */
function tablesOf(tables: ModelTables): Record<string, Record<string, readonly string[]>> {
  return Object.fromEntries(
    [...tables]
      .filter(([name]) => name !== "mangle")
      .map(([name, chains]) => [
        name,
        Object.fromEntries(
          [...chains].filter(([chain, rules]) => {
            return chain !== "KUBE-PROXY-CANARY" && (chain.startsWith("KUBE-") || rules.length > 0);
          }),
        ),
      ]),
  );
}

function rendered(table: ServiceTable): ReturnType<typeof tablesOf> {
  const tables: ModelTables = new Map();
  restoreIptables(tables, renderIptables(table, GOLDEN_OPTIONS));
  return tablesOf(tables);
}

describe("createIptablesPlanner", () => {
  it("keeps the kernel at what is rendered, whatever changes and whenever it begins anew", () => {
    const steps = fc.array(fc.record({ table: randomTable, anew: fc.boolean() }), { maxLength: 6 });
    fc.assert(
      fc.property(steps, (all) => {
        const tables: ModelTables = new Map();
        const planner = createIptablesPlanner(CONTEXT);
        let before: ServiceTable | undefined;
        for (const [index, { table, anew }] of all.entries()) {
          const text = planner.update(diffTables(before, table));
          const whole = index === 0 || anew;
          restoreIptables(tables, whole ? planner.replaceAll(saveIptables(tables)) : text);
          expect(tablesOf(tables)).toEqual(rendered(table));
          before = table;
        }
      }),
    );
  });

  it("writes only the chains of the Service whose endpoints changed", () => {
    const planner = createIptablesPlanner(CONTEXT);
    const table = goldenTable();
    planner.update(diffTables(undefined, table));
    expect(planner.update(diffTables(table, goldenTable()))).toBe("");
    const frontends = table.frontends.with(new Map([["TCP/10.96.0.51:80", undefined]]));
    const text = planner.update(diffTables(table, { ...table, frontends }));
    const chains = [...text.matchAll(/^:(\S+)/gm)].map(([, chain]) => chain?.slice(0, 9));
    expect(new Set(chains)).toEqual(new Set(["KUBE-SERV", "KUBE-SVC-", "KUBE-SEP-"]));
    expect(text).not.toContain("default/my-api:http ->");
    expect(text.match(/^-X /gm)).toHaveLength(4);
  });

  it("takes over from an earlier kube-proxy: nothing twice, nothing stale", () => {
    const tables: ModelTables = new Map();
    restoreIptables(tables, renderIptables(goldenTable(), GOLDEN_OPTIONS));
    restoreIptables(tables, "*nat\n:KUBE-SVC-AAAAAAAAAAAAAAAA - [0:0]\n:OTHER - [0:0]\nCOMMIT\n");
    const planner = createIptablesPlanner(CONTEXT);
    planner.update(diffTables(undefined, goldenTable()));
    restoreIptables(tables, planner.replaceAll(saveIptables(tables)));
    expect(tables.get("nat")?.has("KUBE-SVC-AAAAAAAAAAAAAAAA")).toBe(false);
    expect(tables.get("nat")?.has("OTHER")).toBe(true);
    expect(tables.get("nat")?.get("PREROUTING")).toHaveLength(1);
  });
});

describe("removeIptables", () => {
  it("removes all of kube-proxy's and nothing else", () => {
    const tables: ModelTables = new Map();
    restoreIptables(tables, renderIptables(goldenTable(), GOLDEN_OPTIONS));
    restoreIptables(tables, "*nat\n:KUBE-HOOK - [0:0]\n-A OUTPUT -j KUBE-HOOK\nCOMMIT\n");
    restoreIptables(tables, removeIptables(saveIptables(tables)));
    expect(tablesOf(tables)).toEqual({
      filter: {},
      nat: { "KUBE-HOOK": [], OUTPUT: ["-A OUTPUT -j KUBE-HOOK"] },
    });
    expect(removeIptables(saveIptables(tables))).toBe("");
  });
});

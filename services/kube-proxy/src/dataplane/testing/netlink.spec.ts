import { spawnSync } from "node:child_process";
import { diffTables, type IpFamily, type ServiceTable } from "@kubehop/routing";
import { createNftablesPlanner, createRulesContext, type NftCommand } from "@kubehop/rules";
import { randomTableOf } from "@kubehop/rules/testing";
import { createLogger } from "@kubehop/kit";
import fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import { systemCommands } from "../kernel/commands.ts";
import { createKernelStats } from "../kernel/kernel-stats.ts";
import { createNftablesSyncer } from "../nftables/index.ts";
import { openNetlinkTable } from "../nftables/netlink/index.ts";
import { createNftProgram } from "../nftables/nft-program.ts";
import { freshIp, tableOf } from "./loopback-cluster.ts";

/** Each run starts nft a dozen times; a slow machine makes fewer. */
const RUNS = 12;
const RUNS_LIMIT_MS = 40_000;
const TEST_TIMEOUT_MS = 100_000;
const CONTEXTS = {
  IPv4: createRulesContext(["172.31.0.11"], { clusterCidrs: ["10.244.0.0/15"] }),
  IPv6: createRulesContext(["fd00:172:31::11"], { clusterCidrs: ["fd00:10:244::/48"] }),
} as const;

type Apply = (units: readonly (readonly NftCommand[])[]) => Promise<void>;

afterEach(() => nft("flush", "ruleset"));

describe.each(["IPv4", "IPv6"] as const)("changes by netlink, %s", (family) => {
  it(
    "leave in the kernel what nft leaves there",
    async () => {
      const program = createNftProgram(systemCommands, family);
      await using table = await openNetlinkTable(family);
      let applied = 0;
      const byNetlink: Apply = async (units) => {
        const reason = await table.apply(units.flat());
        if (reason === undefined) applied += 1;
        else await program.apply(units);
        if (reason !== undefined) expect(reason).toBe("a match against a set of ranges");
      };
      const steps = fc.array(randomTableOf(family), { minLength: 2, maxLength: 4 });
      await fc.assert(
        fc.asyncProperty(steps, async (tables) => {
          const states = await play(tables, family, byNetlink);
          expect(states).toEqual(await play(tables, family, program.apply));
        }),
        { numRuns: RUNS, interruptAfterTimeLimit: RUNS_LIMIT_MS },
      );
      expect(applied).toBeGreaterThan(0);
    },
    TEST_TIMEOUT_MS,
  );
});

describe("a refused change", () => {
  const chain = "refused";

  it.each<[string, string, NftCommand[]]>([
    ["ENOENT", "flush chain ip kube-proxy nowhere", [{ do: "flush-chain", chain: "nowhere" }]],
    ["ENOENT", "delete chain ip kube-proxy nowhere", [{ do: "delete-chain", chain: "nowhere" }]],
    ["EBUSY", "delete chain ip kube-proxy services", [{ do: "delete-chain", chain: "services" }]],
    [
      "EEXIST",
      "add element ip kube-proxy no-endpoint-nodeports { tcp . 1 : goto refused }",
      [
        {
          do: "add-element",
          element: { of: "no-endpoint-nodeports", key: ["tcp", "1"], verdict: { goto: chain } },
        },
      ],
    ],
  ])("names %s and %j, and nothing of it is done", async (errno, line, commands) => {
    await start();
    const before = listing();
    await using table = await openNetlinkTable("IPv4");
    const all: NftCommand[] = [{ do: "add-chain", chain }, ...commands];
    await expect(table.apply(all)).rejects.toMatchObject({
      name: "RulesError",
      message: expect.stringMatching(new RegExp(`: ${errno} \\(.*; it was given: ${line}$`)),
    });
    expect(listing()).toEqual(before);
    await table.apply([{ do: "add-chain", chain }]);
    expect(listing()).not.toEqual(before);
  });

  it("has the next sync write everything anew", async () => {
    const stats = createKernelStats();
    const logger = createLogger({ name: "test", level: "silent" });
    const context = CONTEXTS.IPv4;
    await using syncer = createNftablesSyncer({
      commands: systemCommands,
      context,
      stats,
      logger,
    });
    const service = { ip: freshIp(), port: 80, targetPort: 8080 };
    const tables = [["10.244.1.1"], ["10.244.1.2"], ["10.244.1.3"], ["10.244.1.4"]].map(
      (endpoints) => tableOf({ ...service, endpoints }),
    );
    const sync = (n: number) => syncer.sync(diffTables(tables[n - 1], tables[n] ?? tableOf()));
    expect(await sync(0)).toBe("full");
    expect(await sync(1)).toBe("partial");
    nft("delete", "table", "ip", "kube-proxy");
    await expect(sync(2)).rejects.toThrow(/ENOENT/);
    expect(stats.nftablesSyncFailures).toBe(1);
    expect(await sync(3)).toBe("full");
    expect(JSON.stringify(listing())).toContain("10.244.1.4");
  });
});

/** What is in the kernel after each of the tables and the clean-up after it. */
async function play(
  tables: readonly ServiceTable[],
  family: IpFamily,
  apply: Apply,
): Promise<unknown[]> {
  const planner = createNftablesPlanner(CONTEXTS[family]);
  const states: unknown[] = [];
  let before: ServiceTable | undefined;
  for (const table of tables) {
    const changes = planner.update(diffTables(before, table));
    if (before === undefined) {
      await createNftProgram(systemCommands, family).apply(planner.replaceAll());
    } else {
      await apply(changes);
      await apply([planner.takeStale()]);
    }
    before = table;
    states.push(listing());
  }
  return states;
}

/** A table kube-proxy without Services, and a node port that nobody answers. */
async function start(): Promise<void> {
  const planner = createNftablesPlanner(CONTEXTS.IPv4);
  await createNftProgram(systemCommands, "IPv4").apply(planner.replaceAll());
  const element = "{ tcp . 1 : drop }";
  nft("add", "element", "ip", "kube-proxy", "no-endpoint-nodeports", element);
}

function nft(...args: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync("nft", args, { encoding: "utf8" });
  if (status !== 0) throw new Error(`nft ${args.join(" ")}: ${stderr}`);
  return stdout;
}

/** Everything in the kernel, without the numbers it gave, sets in order. */
function listing(): unknown {
  return JSON.parse(nft("-j", "list", "ruleset"), (key, value: unknown) => {
    if (key === "handle" || key === "metainfo") return undefined;
    if (!Array.isArray(value) || (key !== "elem" && key !== "set")) return value;
    return value.map((item) => JSON.stringify(item)).toSorted();
  });
}

import { createLogger } from "@kubehop/kit";
import { diffTables } from "@kubehop/routing";
import { createRulesContext, type NftCommand } from "@kubehop/rules";
import { describe, expect, it } from "vitest";
import type { KernelCommands } from "../kernel/commands.ts";
import { createKernelStats } from "../kernel/kernel-stats.ts";
import { RulesError } from "../kernel/rule-syncer.ts";
import { tableOf } from "../testing/loopback-cluster.ts";
import { nftablesSyncerWith } from "./index.ts";
import type { NetlinkTable } from "./netlink/index.ts";

/** A syncer over an nft that does whatever it is told, and what it and netlink were given. */
function syncerWith(netlink: (commands: readonly NftCommand[]) => Promise<string | undefined>) {
  const given = { nft: [] as string[], netlink: [] as (readonly NftCommand[])[], opened: 0 };
  const commands: KernelCommands = {
    async run(_, input = "") {
      given.nft.push(input);
      return { code: 0, stdout: "", stderr: "" };
    },
    follow: () => ({ [Symbol.dispose]: () => {} }),
  };
  const table: NetlinkTable = {
    apply: (list) => {
      given.netlink.push(list);
      return netlink(list);
    },
    [Symbol.asyncDispose]: async () => {},
  };
  const warnings: string[] = [];
  const logger = createLogger({ name: "test", level: "silent" });
  logger.warn = ((_: object, message: string) => void warnings.push(message)) as never;
  const stats = createKernelStats();
  const context = createRulesContext(["127.0.0.1"], {});
  const open = async (): Promise<NetlinkTable> => {
    given.opened += 1;
    if (given.opened > 1) throw new Error("opened twice");
    return table;
  };
  return { given, warnings, stats, create: nftablesSyncerWith(open), logger, context, commands };
}

const service = { ip: "127.96.0.1", port: 80, targetPort: 8080 };
const TABLES = ["10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.4"].map((ip) =>
  tableOf({ ...service, endpoints: [ip] }),
);
const diff = (n: number) => diffTables(TABLES[n - 1], TABLES[n] ?? tableOf());

describe("createNftablesSyncer", () => {
  it("writes everything with nft, and changes by netlink", async () => {
    const { create, given, ...options } = syncerWith(async () => undefined);
    await using syncer = create(options);
    expect(await syncer.sync(diff(0))).toBe("full");
    expect(given.netlink).toEqual([]);
    expect(await syncer.sync(diff(1))).toBe("partial");
    expect(given.nft).toHaveLength(1);
    expect(given.netlink.flat().map((command) => command.do)).toEqual(["flush-chain", "add-rule"]);
  });

  it("leaves to nft what netlink leaves to it", async () => {
    const { create, given, ...options } = syncerWith(async () => "a match against ranges");
    await using syncer = create(options);
    for (const n of [0, 1, 2]) await syncer.sync(diff(n));
    expect(given.netlink).toHaveLength(2);
    expect(given.nft).toHaveLength(3);
    expect(given.nft.at(-1)).toContain("10.0.0.3 . 8080");
  });

  it("uses nft, and tells it once, where there is no netlink", async () => {
    const { given, warnings, ...options } = syncerWith(async () => undefined);
    const create = nftablesSyncerWith(() => Promise.reject(new Error("no koffi")));
    await using syncer = create(options);
    for (const n of [0, 1, 2]) await syncer.sync(diff(n));
    expect(given.nft).toHaveLength(3);
    expect(warnings).toEqual(["no netlink; changes take nft, which is slower"]);
  });

  it("writes everything anew after a change that the kernel refused", async () => {
    const { create, given, stats, ...options } = syncerWith(() => {
      return Promise.reject(new RulesError("refused"));
    });
    await using syncer = create({ ...options, stats });
    await syncer.sync(diff(0));
    await expect(syncer.sync(diff(1))).rejects.toThrow("refused");
    expect(stats.nftablesSyncFailures).toBe(1);
    expect(await syncer.sync(diff(2))).toBe("full");
    expect(given.nft.at(-1)).toContain("delete table ip kube-proxy");
  });
});

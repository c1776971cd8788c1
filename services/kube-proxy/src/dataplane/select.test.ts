import { describe, expect, it } from "vitest";
import type { CommandResult, KernelCommands } from "./kernel/commands.ts";
import { chooseDataPlane, parseProxyMode, type ProxyMode } from "./select.ts";

/** The kernel's tools, which all end in the same way. */
function toolsThat(result: Partial<CommandResult>): KernelCommands {
  return {
    run: async () => ({ code: 0, stdout: "", stderr: "", ...result }),
    follow: () => ({ [Symbol.dispose]: () => {} }),
  };
}

const choose = (mode: ProxyMode, result: Partial<CommandResult>) =>
  chooseDataPlane(mode, toolsThat(result), ["IPv4"]);

const ABSENT = { code: undefined, stderr: "spawn ENOENT" } as const;
const FORBIDDEN = { code: 1, stderr: "Operation not permitted (you must be root)" } as const;

describe("chooseDataPlane", () => {
  it.each(["userspace", "nftables", "iptables"] as const)(
    "takes %s where it works",
    async (mode) => {
      expect(await choose(mode, {})).toMatchObject({ mode });
      expect((await choose(mode, {})).problem).toBeUndefined();
    },
  );

  it.each([
    ["nftables", ABSENT, "there is no program nft (Debian: apt-get install nftables)"],
    ["iptables", ABSENT, "there is no program iptables-restore (Debian: apt-get install iptables)"],
    ["nftables", FORBIDDEN, "nft needs CAP_NET_ADMIN in the node's network namespace"],
    ["iptables", FORBIDDEN, "iptables-restore needs CAP_NET_ADMIN in the node's network namespace"],
    ["nftables", { code: 1, stderr: "numgen: unknown" }, "cannot do what its rules need: numgen"],
    ["ipvs", ABSENT, "there is no program ipvsadm (Debian: apt-get install ipvsadm)"],
    ["ipvs", { code: 2, stderr: "Can't initialize ipvs" }, "this kernel has no IP Virtual Server"],
    ["ipvs", {}, "applies none"],
  ] as const)("uses userspace instead of %s, and says why: %j", async (wanted, result, why) => {
    const chosen = await choose(wanted, result);
    expect(chosen.mode).toBe("userspace");
    expect(chosen.problem).toContain(why);
  });

  it("needs no tool for userspace", async () => {
    expect(await choose("userspace", ABSENT)).toMatchObject({ mode: "userspace" });
  });
});

describe("parseProxyMode", () => {
  it.each(["kernelspace", "", "toString"])("refuses %j and lists what there is", (mode) => {
    expect(() => parseProxyMode(mode)).toThrow(/userspace, nftables, iptables, ipvs/);
  });
});

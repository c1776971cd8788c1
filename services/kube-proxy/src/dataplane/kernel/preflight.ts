import type { IpFamily } from "@kubehop/routing";
import { findIptables } from "../iptables/tools.ts";
import type { Command, CommandResult, KernelCommands } from "./commands.ts";

/** Tells why a mode cannot be used here, in words for its user; undefined when it can. */
export type Preflight = (
  commands: KernelCommands,
  families: readonly IpFamily[],
) => Promise<string | undefined>;

/** Everything that the rules of mode nftables use; nothing of it is left in the kernel. */
const NFT_PROBE = [
  'add table ip kubehop-probe { comment "try" ; }',
  "add set ip kubehop-probe seen { type ipv4_addr ; flags dynamic,timeout ; timeout 9s ; }",
  "add chain ip kubehop-probe first { type nat hook prerouting priority -100 ; }",
  "add rule ip kubehop-probe first fib saddr type local update @seen { ip saddr }",
  "add rule ip kubehop-probe first meta l4proto tcp dnat ip to numgen random mod 1 map { 0 : 192.0.2.1 . 1 }",
  "",
].join("\n");

/** The first thing to try in ipvs mode: it also has the kernel load what it can. */
const IPVS_PROBE: Command = ["ipvsadm", "-L", "-n"];

/** Mode nftables: the program, the right to use it, and a kernel that has what the rules use. */
export const nftablesPreflight: Preflight = async (commands) =>
  explain(await commands.run(["nft", "--check", "--file", "-"], NFT_PROBE), {
    program: "nft",
    debian: "nftables",
  });

/** Mode iptables, in either of its forms. */
export const iptablesPreflight: Preflight = async (commands, families) => {
  for (const family of families) {
    const found = await findIptables(commands, family);
    if (!("code" in found)) continue;
    const program = family === "IPv6" ? "ip6tables-restore" : "iptables-restore";
    return explain(found, { program, debian: "iptables" });
  }
  return undefined;
};

/**
 * Mode ipvs is never used: its virtual servers are rendered (`kubehop rules --mode ipvs`), and this
 * program does not keep them in the kernel. What is missing for that is told first.
 */
export const ipvsPreflight: Preflight = async (commands) => {
  const result = await commands.run(IPVS_PROBE);
  if (/initialize ipvs|Protocol not available/.test(result.stderr)) {
    return "this kernel has no IP Virtual Server (module ip_vs is neither loaded nor built in)";
  }
  const missing = explain(result, { program: "ipvsadm", debian: "ipvsadm" });
  return missing ?? "this kube-proxy prints its rules (kubehop rules --mode ipvs) and applies none";
};

function explain(
  { code, stderr }: CommandResult,
  { program, debian }: { program: string; debian: string },
): string | undefined {
  if (code === 0) return undefined;
  if (stderr.includes("ENOENT")) {
    return `there is no program ${program} (Debian: apt-get install ${debian})`;
  }
  if (/not permitted|Permission denied|EPERM|EACCES/.test(stderr)) {
    return `${program} needs CAP_NET_ADMIN in the node's network namespace: ${firstLine(stderr)}`;
  }
  return `${program} or the kernel cannot do what its rules need: ${firstLine(stderr)}`;
}

function firstLine(text: string): string {
  return text.trim().split("\n")[0] ?? "";
}

import type { IpFamily } from "@kubehop/routing";
import type { Command, CommandResult, KernelCommands } from "../kernel/commands.ts";

/** The two programs through which rules are read and written. */
export interface IptablesTools {
  readonly save: Command;
  readonly restore: Command;
}

/** Seconds to wait for another program's lock (upstream: 5). */
const WAIT = "5";

/**
 * Which of the two forms of iptables to use. The older one takes any number of rules at a time; the
 * one on top of nftables only some hundred Services without the machine's own CAP_NET_ADMIN.
 */
const VARIANTS = ["legacy", "nft"] as const;

/** Everything that rules of kube-proxy use: a kernel that cannot do it refuses this. */
const PROBE = [
  "*nat",
  ":KUBEHOP-PROBE - [0:0]",
  "-A KUBEHOP-PROBE -m comment --comment try -m statistic --mode random --probability 0.5 -j RETURN",
  "-A KUBEHOP-PROBE -m recent --name try --set -m addrtype --dst-type LOCAL -j RETURN",
  "-A KUBEHOP-PROBE -m conntrack --ctstate NEW -m mark --mark 1/1 -j MARK --or-mark 1",
  "-A KUBEHOP-PROBE -m udp -p udp --dport 1 -j DNAT --to-destination ADDRESS",
  "-A KUBEHOP-PROBE -j MASQUERADE --random-fully",
  "COMMIT",
  "*nat",
  "-F KUBEHOP-PROBE",
  "-X KUBEHOP-PROBE",
  "COMMIT",
  "",
].join("\n");

/** The tools that work here; otherwise what the last one that was tried has said. */
export async function findIptables(
  commands: KernelCommands,
  family: IpFamily,
): Promise<IptablesTools | CommandResult> {
  const address = family === "IPv6" ? "[2001:db8::1]:1" : "192.0.2.1:1";
  let result: CommandResult = { code: undefined, stdout: "", stderr: "there is no iptables" };
  for (const variant of VARIANTS) {
    const tools = toolsOf(variant, family);
    result = await commands.run(tools.restore, PROBE.replace("ADDRESS", address));
    if (result.code === 0) return tools;
  }
  return result;
}

/** The tools of every form, installed or not. */
export function everyIptables(family: IpFamily): IptablesTools[] {
  return VARIANTS.map((variant) => toolsOf(variant, family));
}

function toolsOf(variant: (typeof VARIANTS)[number], family: IpFamily): IptablesTools {
  const program = family === "IPv6" ? "ip6tables" : "iptables";
  const restore = `${program}-${variant}-restore`;
  return {
    save: [`${program}-${variant}-save`],
    restore: [restore, "-w", WAIT, "--noflush"],
  };
}

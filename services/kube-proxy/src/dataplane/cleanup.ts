import type { IpFamily } from "@kubehop/routing";
import { removeIptables, removeNftables } from "@kubehop/rules";
import type { Logger } from "@kubehop/kit";
import { everyIptables } from "./iptables/tools.ts";
import type { Command, KernelCommands } from "./kernel/commands.ts";
import type { ProxyMode } from "./select.ts";

const FAMILIES: readonly IpFamily[] = ["IPv4", "IPv6"];

/**
 * Takes out of the kernel what kube-proxy has left there in other modes than `kept` (upstream:
 * platformCleanup, at every start; with `--cleanup` that is all there is to do). Programs that are
 * not installed have left nothing. Never rejects.
 */
export async function cleanUpModes(
  commands: KernelCommands,
  logger: Logger,
  kept?: ProxyMode,
): Promise<void> {
  const found = await Promise.all([
    ...(kept === "iptables" ? [] : FAMILIES.map((family) => cleanIptables(commands, family))),
    ...(kept === "nftables" ? [] : FAMILIES.map((family) => cleanNftables(commands, family))),
    ...(kept === "ipvs" ? [] : [cleanIpvs(commands)]),
  ]);
  const cleaned = found.flat();
  if (cleaned.length > 0) logger.info({ cleaned }, "rules of another proxy mode removed");
}

/** Both forms of iptables are looked at: the other one may have been used before. */
async function cleanIptables(commands: KernelCommands, family: IpFamily): Promise<string[]> {
  const cleaned: string[] = [];
  for (const { save, restore } of everyIptables(family)) {
    const { stdout } = await commands.run(save);
    const text = removeIptables(stdout);
    if (text !== "" && (await commands.run(restore, text)).code === 0) cleaned.push(restore[0]);
  }
  return cleaned;
}

async function cleanNftables(commands: KernelCommands, family: IpFamily): Promise<string[]> {
  const table = family === "IPv6" ? "ip6" : "ip";
  const { stdout } = await commands.run(["nft", "list", "tables", table]);
  if (!stdout.split("\n").includes(`table ${table} kube-proxy`)) return [];
  const { code } = await commands.run(["nft", "-f", "-"], removeNftables({ family }));
  return code === 0 ? [`nft ${table}`] : [];
}

async function cleanIpvs(commands: KernelCommands): Promise<string[]> {
  const device: Command = ["ip", "link", "del", "kube-ipvs0"];
  if ((await commands.run(device)).code !== 0) return [];
  await commands.run(["ipvsadm", "-C"]);
  return ["ipvs"];
}

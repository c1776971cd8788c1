import { BlockList, isIP } from "node:net";
import type { RulesContext } from "./rules-options.ts";
import type { ServiceView } from "./service-view.ts";

/**
 * The ranges from which the balancer's addresses may be used. When they hold this node, the
 * addresses themselves belong to them: a node that owns such an address as a local one sends from
 * it (upstream's allowFromNode).
 */
export function acceptedSources(view: ServiceView, { nodeIps }: RulesContext): string[] {
  const { sourceRanges, balancerIps } = view;
  const [nodeIp] = nodeIps;
  const fromNode = nodeIp !== undefined && sourceRanges.some((range) => contains(range, nodeIp));
  return [...sourceRanges, ...(fromNode ? balancerIps.map(({ ip }) => ip) : [])];
}

function contains(range: string, ip: string): boolean {
  const [net = "", prefix] = range.split("/");
  const list = new BlockList();
  const family = isIP(net) === 6 ? "ipv6" : "ipv4";
  if (isIP(net) === 0 || !isPrefix(prefix, family)) return false;
  list.addSubnet(net, Number(prefix), family);
  return list.check(ip, family);
}

function isPrefix(text: string | undefined, family: "ipv4" | "ipv6"): boolean {
  return /^\d+$/.test(text ?? "") && Number(text) <= (family === "ipv6" ? 128 : 32);
}

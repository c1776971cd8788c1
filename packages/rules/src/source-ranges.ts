import { isInRange } from "@kubehop/routing";
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
  const fromNode = nodeIp !== undefined && sourceRanges.some((range) => isInRange(nodeIp, range));
  return [...sourceRanges, ...(fromNode ? balancerIps.map(({ ip }) => ip) : [])];
}

import { type Node, ZONE_LABEL } from "@kubehop/api";
import type { ProxyNode } from "@kubehop/routing";

/** A node as its kube-proxy knows itself. */
export function toProxyNode({ metadata, status }: Node): ProxyNode {
  const zone = metadata.labels?.[ZONE_LABEL];
  const addresses = (status?.addresses ?? [])
    .filter(({ type }) => type === "InternalIP")
    .map(({ address }) => address);
  return { name: metadata.name, addresses, ...(zone !== undefined && { zone }) };
}

import { BlockList, isIP, isIPv6 } from "node:net";
import { ConfigError } from "@kubehop/kit";

/**
 * Tells whether an address is one of this node or of the cluster's pods. Throws ConfigError for a
 * CIDR that cannot be read.
 */
export function createClusterMatcher(
  cidrs: readonly string[],
  nodeAddresses: readonly string[],
): (ip: string) => boolean {
  const members = new BlockList();
  for (const address of nodeAddresses) members.addAddress(address, familyOf(address));
  for (const cidr of cidrs) addSubnet(members, cidr);
  return (ip) => isIP(ip) !== 0 && members.check(ip, familyOf(ip));
}

function addSubnet(members: BlockList, cidr: string): void {
  const [network = "", prefix = ""] = cidr.split("/");
  const bits = isIPv6(network) ? 128 : 32;
  const valid = isIP(network) !== 0 && /^\d{1,3}$/.test(prefix) && Number(prefix) <= bits;
  if (!valid) {
    throw new ConfigError(`--cluster-cidr: "${cidr}" is not a CIDR such as 10.244.0.0/16.`);
  }
  members.addSubnet(network, Number(prefix), familyOf(network));
}

function familyOf(ip: string): "ipv4" | "ipv6" {
  return isIPv6(ip) ? "ipv6" : "ipv4";
}

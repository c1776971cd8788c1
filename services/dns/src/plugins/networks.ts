import { BlockList, isIPv6 } from "node:net";

/** A set of addresses. */
export interface Networks {
  contains(ip: string): boolean;
}

/** Creates the set of addresses in any of the CIDRs; an address alone is a CIDR of one. */
export function createNetworks(cidrs: readonly string[]): Networks {
  const list = new BlockList();
  for (const cidr of cidrs) {
    const [ip = "", length] = cidr.split("/");
    const family = familyOf(ip);
    if (length === undefined) list.addAddress(ip, family);
    else list.addSubnet(ip, Number(length), family);
  }
  return { contains: (ip) => list.check(ip, familyOf(ip)) };
}

function familyOf(ip: string): "ipv6" | "ipv4" {
  return isIPv6(ip) ? "ipv6" : "ipv4";
}

import { BlockList, isIPv6 } from "node:net";

/** The addresses pods of a node may have. */
export interface PodRange {
  /** As they were given. */
  readonly podCidrs: readonly string[];
  contains(ip: string): boolean;
}

/** Length of a CIDR that is given without one, as --pod-cidr takes them. */
const LENGTHS = { ipv4: 24, ipv6: 64 };

/** Creates the range of a node's pod CIDRs. Throws when one is none. */
export function createPodRange(podCidrs: readonly string[]): PodRange {
  const list = new BlockList();
  for (const cidr of podCidrs) {
    const [address = "", length] = cidr.split("/");
    const family = familyOf(address);
    list.addSubnet(address, length === undefined ? LENGTHS[family] : Number(length), family);
  }
  return { podCidrs, contains: (ip) => list.check(ip, familyOf(ip)) };
}

function familyOf(ip: string): "ipv4" | "ipv6" {
  return isIPv6(ip) ? "ipv6" : "ipv4";
}

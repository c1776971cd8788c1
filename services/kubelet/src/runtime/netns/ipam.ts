import { isIPv6 } from "node:net";

/** Lowest and highest host number of a pod; .1 is the node's own. */
const FIRST = 2;
const LAST = 254;

/** Hands out the host numbers of a node's pod CIDRs. */
export interface Ipam {
  /** The node's own address in the first CIDR. */
  readonly gateway: string;
  /**
   * Takes the next free number after the one given last, so that an address rests as long as
   * possible before it is used again. Throws when every number is in use.
   */
  allocate(inUse: ReadonlySet<string>): Allocation;
}

/** The addresses of one pod, one a CIDR, and the number they share. */
export interface Allocation {
  readonly ips: readonly string[];
  readonly number: number;
}

/**
 * IPAM over one CIDR of each family, as the node's spec.podCIDRs ("10.244.1.0/24"); `last` is the
 * number allocated last, remembered across restarts. Throws on a CIDR it cannot use.
 */
export function createIpam(podCidrs: readonly string[], last: number): Ipam {
  const toAddress = podCidrs.map(parseCidr);
  let previous = last;
  const ipsOf = (number: number): string[] => toAddress.map((address) => address(number));
  return {
    gateway: ipsOf(1)[0] ?? "",
    allocate(inUse) {
      for (let step = 0; step <= LAST - FIRST; step += 1) {
        previous = previous >= LAST || previous < FIRST ? FIRST : previous + 1;
        const ips = ipsOf(previous);
        if (!ips.some((ip) => inUse.has(ip))) return { ips, number: previous };
      }
      throw new Error(
        `No free pod address left in ${podCidrs.join(", ")}: all ${LAST - FIRST + 1} are in use.`,
      );
    },
  };
}

function parseCidr(cidr: string): (number: number) => string {
  const [address = "", bits] = cidr.split("/");
  const v4 = /^(\d+\.\d+\.\d+)\.0$/.exec(address);
  if (v4 !== null && bits === "24") return (number) => `${v4[1]}.${number}`;
  if (isIPv6(address) && address.endsWith("::") && Number(bits) <= 112) {
    return (number) => `${address}${number.toString(16)}`;
  }
  throw new Error(`Pod CIDR "${cidr}" is neither an IPv4 /24 nor an IPv6 prefix ending in "::".`);
}

import type { IpFamily } from "@kubehop/routing";

/** What nft calls the things of an IP family. */
export interface FamilyWords {
  /** Family of the table and prefix of header fields. */
  readonly ip: "ip" | "ip6";
  /** Type of an address in sets and maps. */
  readonly address: "ipv4_addr" | "ipv6_addr";
}

/** The words for a family. */
export function wordsOf(family: IpFamily): FamilyWords {
  if (family === "IPv6") return { ip: "ip6", address: "ipv6_addr" };
  return { ip: "ip", address: "ipv4_addr" };
}

import ipaddr from "ipaddr.js";
import { isIPv4, isIPv6 } from "node:net";

/** An IP family, as Services name it. */
export type IPFamily = "IPv4" | "IPv6";

/** An IP address as a number. */
export interface Address {
  readonly family: IPFamily;
  readonly value: bigint;
}

/** A range of addresses. */
export interface Cidr {
  /** Canonical text: the network's address and the length of its prefix. */
  readonly text: string;
  readonly family: IPFamily;
  /** The network's address. */
  readonly base: bigint;
  /** The length of the prefix. */
  readonly bits: number;
  /** How many addresses it has, network and broadcast address included. */
  readonly size: bigint;
  contains(ip: string): boolean;
}

/** The length of an address, bits. */
export const ADDRESS_BITS: Readonly<Record<IPFamily, number>> = { IPv4: 32, IPv6: 128 };

/** Family of an address's text; undefined when it is none (leading zeros, zone, IPv4 in IPv6). */
export function familyOf(ip: string): IPFamily | undefined {
  if (isIPv4(ip)) return "IPv4";
  return isIPv6(ip) && !ip.includes("%") && !/^::ffff:/i.test(ip) ? "IPv6" : undefined;
}

/** Parses an address; undefined when the text is none. */
export function parseAddress(ip: string): Address | undefined {
  const family = familyOf(ip);
  if (family === undefined) return undefined;
  const bytes = ipaddr.parse(ip).toByteArray();
  return { family, value: bytes.reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n) };
}

/** Canonical text of an address (RFC 5952 for IPv6). */
export function formatAddress({ family, value }: Address): string {
  const length = ADDRESS_BITS[family] / 8;
  const bytes = Array.from({ length }, (_, index) =>
    Number((value >> BigInt(8 * (length - 1 - index))) & 0xffn),
  );
  return ipaddr.fromByteArray(bytes).toString();
}

/** Parses a range such as `10.96.0.0/16`; undefined when the text is none. */
export function parseCidr(text: string): Cidr | undefined {
  const match = /^(.+)\/(0|[1-9]\d{0,2})$/.exec(text);
  const address = parseAddress(match?.[1] ?? "");
  const bits = Number(match?.[2]);
  if (address === undefined || bits > ADDRESS_BITS[address.family]) return undefined;
  const { family } = address;
  const size = 1n << BigInt(ADDRESS_BITS[family] - bits);
  const base = (address.value / size) * size;
  return {
    text: `${formatAddress({ family, value: base })}/${bits}`,
    family,
    base,
    bits,
    size,
    contains: (ip) => {
      const other = parseAddress(ip);
      return other?.family === family && other.value >= base && other.value < base + size;
    },
  };
}

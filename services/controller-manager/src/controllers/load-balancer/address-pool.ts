import { isIP, isIPv4 } from "node:net";
import type { IPFamily } from "@kubehop/api";
import { ConfigError } from "@kubehop/kit";

/** Addresses that load balancers may have. */
export interface AddressPool {
  /** Whether it has any. */
  readonly isEmpty: boolean;
  contains(ip: string): boolean;
  /** The addresses of a family, in order, as many as are asked for. */
  addresses(family: IPFamily): Iterable<string>;
}

interface Range {
  readonly family: IPFamily;
  readonly first: bigint;
  readonly last: bigint;
}

const BITS: Readonly<Record<IPFamily, number>> = { IPv4: 32, IPv6: 128 };

/**
 * Reads CIDRs such as 192.0.2.0/24 and 2001:db8::/120, and single addresses. An IPv4 network's first
 * and last address are left out where it has more than two. Throws ConfigError for any other text.
 */
export function createAddressPool(texts: readonly string[]): AddressPool {
  const ranges = texts.map(parseRange);
  return {
    isEmpty: ranges.length === 0,
    contains(ip) {
      if (isIP(ip) === 0) return false;
      const [family, value] = [familyOf(ip), parseAddress(ip)];
      return ranges.some(
        (range) => range.family === family && value >= range.first && value <= range.last,
      );
    },
    *addresses(family) {
      for (const range of ranges.filter((one) => one.family === family)) {
        for (let value = range.first; value <= range.last; value++) {
          yield formatAddress(family, value);
        }
      }
    },
  };
}

/** The family of an address's text. */
export function familyOf(ip: string): IPFamily {
  return isIPv4(ip) ? "IPv4" : "IPv6";
}

function parseRange(text: string): Range {
  const [address = "", prefix] = text.split("/");
  const family = familyOf(address);
  const bits = prefix === undefined ? BITS[family] : Number(prefix);
  if (isIP(address) === 0 || !/^\d*$/.test(prefix ?? "") || bits > BITS[family]) {
    throw new ConfigError(
      `--load-balancer-pool: "${text}" is no CIDR; write it as 192.0.2.0/24, several with commas.`,
    );
  }
  const size = 1n << BigInt(BITS[family] - bits);
  const base = (parseAddress(address) / size) * size;
  const edge = family === "IPv4" && size > 2n ? 1n : 0n;
  return { family, first: base + edge, last: base + size - 1n - edge };
}

/** The number of a valid address. */
function parseAddress(ip: string): bigint {
  if (isIPv4(ip)) return ip.split(".").reduce((sum, byte) => sum * 256n + BigInt(byte), 0n);
  const [head = "", tail] = ip.split("::");
  const left = groupsOf(head);
  const right = groupsOf(tail ?? "");
  const zeros = Array.from({ length: 8 - left.length - right.length }, () => 0n);
  return [...left, ...zeros, ...right].reduce((sum, group) => (sum << 16n) | group, 0n);
}

/** `1:2:192.0.2.1` as 16-bit numbers. */
function groupsOf(text: string): bigint[] {
  if (text === "") return [];
  return text.split(":").flatMap((group) => {
    if (!isIPv4(group)) return [BigInt(`0x${group}`)];
    const value = parseAddress(group);
    return [value >> 16n, value & 0xffffn];
  });
}

function formatAddress(family: IPFamily, value: bigint): string {
  if (family === "IPv4") {
    return [24n, 16n, 8n, 0n].map((shift) => (value >> shift) & 0xffn).join(".");
  }
  const groups = Array.from({ length: 8 }, (_, index) =>
    ((value >> BigInt(16 * (7 - index))) & 0xffffn).toString(16),
  );
  // URL writes addresses as RFC 5952 says.
  return new URL(`http://[${groups.join(":")}]`).hostname.slice(1, -1);
}

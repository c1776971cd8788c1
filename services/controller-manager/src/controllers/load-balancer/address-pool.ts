import { isIPv4 } from "node:net";
import { ConfigError } from "@kubehop/kit";
import {
  ADDRESS_BITS,
  formatAddress,
  type IPFamily,
  parseAddress,
  parseCidr,
} from "@kubehop/kit/addresses";

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

/**
 * Reads CIDRs such as 192.0.2.0/24 and 2001:db8::/120, and single addresses. A network's first
 * address, which means all its routers in IPv6 (RFC 4291, 2.6.1), and IPv4's last one are left out
 * where it has more than two. Throws ConfigError for any other text.
 */
export function createAddressPool(texts: readonly string[]): AddressPool {
  const ranges = texts.map(parseRange);
  return {
    isEmpty: ranges.length === 0,
    contains(ip) {
      const address = parseAddress(ip);
      if (address === undefined) return false;
      const { family, value } = address;
      return ranges.some(
        (range) => range.family === family && value >= range.first && value <= range.last,
      );
    },
    *addresses(family) {
      for (const range of ranges.filter((one) => one.family === family)) {
        for (let value = range.first; value <= range.last; value++) {
          yield formatAddress({ family, value });
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
  const range = parseCidr(text.includes("/") ? text : `${text}/${ADDRESS_BITS[familyOf(text)]}`);
  if (range === undefined) {
    throw new ConfigError(
      `--load-balancer-pool: "${text}" is no CIDR; write it as 192.0.2.0/24, several with commas.`,
    );
  }
  const { family, base, size } = range;
  const first = size > 2n ? 1n : 0n;
  const last = family === "IPv4" ? first : 0n;
  return { family, first: base + first, last: base + size - 1n - last };
}

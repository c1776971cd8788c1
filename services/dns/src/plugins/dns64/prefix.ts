import ipaddr from "ipaddr.js";

/** A prefix that IPv4 addresses are put behind (RFC 6052). */
export interface Nat64Prefix {
  /** The IPv6 address that stands for an IPv4 address. */
  embed(ipv4: string): string;
}

const LENGTHS: ReadonlySet<number> = new Set([32, 40, 48, 56, 64, 96]);
/** Bits 64 to 71 stay zero (RFC 6052 §2.2). */
const RESERVED_OCTET = 8;

/** Reads `64:ff9b::/96`; undefined for anything but an IPv6 prefix of one of RFC 6052's lengths. */
export function parseNat64Prefix(text: string): Nat64Prefix | undefined {
  if (!ipaddr.IPv6.isValidCIDR(text)) return undefined;
  const [address, length] = ipaddr.IPv6.parseCIDR(text);
  const octets = address.toByteArray();
  if (!LENGTHS.has(length) || octets.slice(length / 8).some((octet) => octet !== 0))
    return undefined;
  if (length === 96 && octets[RESERVED_OCTET] !== 0) return undefined;
  return {
    embed(ipv4) {
      const result = [...octets];
      let at = length / 8;
      for (const octet of ipaddr.IPv4.parse(ipv4).toByteArray()) {
        if (at === RESERVED_OCTET) at++;
        result[at++] = octet;
      }
      return new ipaddr.IPv6(result).toString();
    },
  };
}

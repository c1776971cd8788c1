import ipaddr from "ipaddr.js";

/**
 * The reverse zones that cover a CIDR: `10.96.0.0/16` is `96.10.in-addr.arpa.`; a length between
 * octets (nibbles for IPv6) gives several. Undefined for text that is no CIDR, and for a length
 * of 0.
 */
export function reverseZones(cidr: string): string[] | undefined {
  if (!ipaddr.isValidCIDR(cidr)) return undefined;
  const [address, length] = ipaddr.parseCIDR(cidr);
  if (length === 0) return undefined;
  const ipv4 = address.kind() === "ipv4";
  const bits = ipv4 ? 8 : 4;
  const digits = ipv4 ? address.toByteArray() : nibbles(address.toByteArray());
  const count = Math.ceil(length / bits);
  const spread = 2 ** (count * bits - length);
  const last = (digits[count - 1] as number) & ~(spread - 1);
  const suffix = ipv4 ? "in-addr.arpa." : "ip6.arpa.";
  const prefix = digits.slice(0, count - 1).toReversed();
  return Array.from({ length: spread }, (_, index) =>
    [last + index, ...prefix]
      .map((digit) => digit.toString(ipv4 ? 10 : 16))
      .concat(suffix)
      .join("."),
  );
}

/** The address a reverse name stands for, undefined when it is none or not complete. */
export function reverseAddress(name: string): string | undefined {
  if (name.endsWith(".in-addr.arpa.")) return reverseIpv4(name.slice(0, -".in-addr.arpa.".length));
  if (name.endsWith(".ip6.arpa.")) return reverseIpv6(name.slice(0, -".ip6.arpa.".length));
  return undefined;
}

function reverseIpv4(digits: string): string | undefined {
  const address = digits.split(".").toReversed().join(".");
  return ipaddr.IPv4.isValidFourPartDecimal(address) ? address : undefined;
}

function reverseIpv6(digits: string): string | undefined {
  const labels = digits.split(".");
  if (labels.length !== 32 || !labels.every((label) => /^[0-9a-f]$/.test(label))) return undefined;
  const hex = labels.toReversed().join("");
  return ipaddr.parse((hex.match(/.{4}/g) ?? []).join(":")).toString();
}

function nibbles(octets: readonly number[]): number[] {
  return octets.flatMap((octet) => [octet >> 4, octet & 0xf]);
}

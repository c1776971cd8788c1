import {
  type Cidr as Range,
  formatAddress,
  type IPFamily,
  parseAddress,
  parseCidr as parseRange,
} from "@kubehop/kit/addresses";

/** A network of a lab. */
export interface Cidr extends Range {
  /** What it is for, for messages. */
  readonly label: string;
}

const EXAMPLES: Readonly<Record<IPFamily, string>> = {
  IPv4: "10.96.0.0/16",
  IPv6: "fd00:10:96::/112",
};

/** Reads a network of a family; throws when the text is none. `label` says what it is for. */
export function parseCidr(text: string, label: string, family: IPFamily = "IPv4"): Cidr {
  const range = parseRange(text);
  if (range?.family !== family) {
    const example = EXAMPLES[family];
    throw new Error(`"${text}" is not an ${family} CIDR; write the ${label} as ${example}.`);
  }
  const [address = ""] = text.split("/");
  if (parseAddress(address)?.value !== range.base) {
    throw new Error(`The ${label} ${text} is no network address; use ${range.text}.`);
  }
  return { ...range, label };
}

/** Reads `IPv4` or `IPv4,IPv6`; throws for anything else. */
export function parseCidrs(text: string, label: string): Cidr[] {
  const [first = "", second, ...rest] = text.split(",").map((part) => part.trim());
  if (rest.length > 0) {
    throw new Error(`The ${label} "${text}" has too many CIDRs: one of IPv4, and one of IPv6.`);
  }
  const ipv4 = parseCidr(first, label);
  return second === undefined ? [ipv4] : [ipv4, parseCidr(second, label, "IPv6")];
}

/** Whether two networks have an address in common. */
export function overlaps(a: Cidr, b: Cidr): boolean {
  return a.contains(networkAddress(b)) || b.contains(networkAddress(a));
}

function networkAddress({ family, base }: Range): string {
  return formatAddress({ family, value: base });
}

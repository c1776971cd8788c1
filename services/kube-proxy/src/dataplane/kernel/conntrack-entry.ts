import type { Address } from "@kubehop/routing";

/** A flow as the kernel's connection tracking knows it. */
export interface ConntrackEntry {
  readonly protocol: "TCP" | "UDP";
  /** Who began it, and where it was sent to. */
  readonly client: Address;
  readonly frontend: Address;
  /** Who answers, and to whom: what the endpoint sees as its client. */
  readonly endpoint: Address;
  readonly upstream: Address;
  /** Bytes each way, where the kernel counts them (net.netfilter.nf_conntrack_acct). */
  readonly bytesIn: number;
  readonly bytesOut: number;
  /** Equal in all events of a flow; with `-o id`. */
  readonly id: string;
}

/** Reads a line of `conntrack -L` or `conntrack -E`; undefined for other protocols and headings. */
export function parseConntrackEntry(line: string): ConntrackEntry | undefined {
  const [, protocol] = /(?:^|\s)(tcp|udp)\s/.exec(line) ?? [];
  const fields = new Map<string, string[]>();
  for (const [, name = "", value = ""] of line.matchAll(/(\w+)=(\S+)/g)) {
    fields.set(name, [...(fields.get(name) ?? []), value]);
  }
  const field = (name: string, direction: 0 | 1): string => fields.get(name)?.[direction] ?? "";
  const address = (end: "src" | "dst", direction: 0 | 1): Address => ({
    ip: field(end, direction),
    port: Number(field(end === "src" ? "sport" : "dport", direction)),
  });
  if (protocol === undefined || field("dport", 1) === "") return undefined;
  return {
    protocol: protocol === "tcp" ? "TCP" : "UDP",
    client: address("src", 0),
    frontend: address("dst", 0),
    endpoint: address("src", 1),
    upstream: address("dst", 1),
    bytesIn: Number(field("bytes", 0)),
    bytesOut: Number(field("bytes", 1)),
    id: field("id", 0),
  };
}

import { isIP } from "node:net";
import { toAbsolute } from "@kubehop/dns-wire";
import { canonicalIp } from "../../cluster/service-entry.ts";
import { matchZone, parentName, type Zones } from "../../zones.ts";

/** Names and addresses of a hosts file. */
export interface HostTable {
  /** All addresses of a name (lower case), also by a `*.` entry; undefined for an unknown one. */
  addresses(name: string): readonly string[] | undefined;
  names(ip: string): readonly string[];
  readonly size: number;
}

/** A table that knows nothing. */
export const EMPTY_HOSTS: HostTable = {
  addresses: () => undefined,
  names: () => [],
  size: 0,
};

/** Whether a line is `IP NAME…`. */
export function isHostLine(line: string): boolean {
  const [ip = "", name] = line.split(/\s+/);
  return isIP(ip) !== 0 && name !== undefined;
}

/** Reads lines `IP NAME…`; comments and lines of another form are left out, and other zones. */
export function parseHosts(text: string, { zones }: { readonly zones: Zones }): HostTable {
  const addresses = new Map<string, string[]>();
  const names = new Map<string, string[]>();
  for (const line of text.split("\n")) {
    const [ip = "", ...aliases] = line.replace(/#.*/, "").trim().split(/\s+/);
    if (isIP(ip) === 0) continue;
    for (const alias of aliases) {
      const name = toAbsolute(alias.toLowerCase());
      if (matchZone(zones, name) !== undefined) append(addresses, name, ip);
      // A `*.` entry is no name that an address could have.
      if (!name.startsWith("*.")) append(names, canonicalIp(ip), name);
    }
  }
  return {
    size: addresses.size,
    addresses: (name) => addresses.get(name) ?? addresses.get(`*.${parentName(name) ?? ""}`),
    names: (ip) => names.get(ip) ?? [],
  };
}

/** Looks into the first table and then the second. */
export function mergeHosts(first: HostTable, second: HostTable): HostTable {
  return {
    size: first.size + second.size,
    addresses(name) {
      const own = first.addresses(name);
      const other = second.addresses(name);
      if (own === undefined || other === undefined) return own ?? other;
      return [...new Set([...own, ...other])];
    },
    names: (ip) => [...new Set([...first.names(ip), ...second.names(ip)])],
  };
}

function append(map: Map<string, string[]>, key: string, value: string): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [value]);
  else if (!list.includes(value)) list.push(value);
}

import { foldChain, type Link } from "./chain.ts";
import type { BuiltBlock } from "./block.ts";
import { CorefileError } from "./corefile/corefile-error.ts";
import type { ServerKey } from "./corefile/server-key.ts";
import type { PluginInstance } from "./plugin.ts";
import type { MetadataReader, Query } from "./query.ts";
import { forbidReuse } from "./reuse.ts";
import { createServerTable, type ServedZone, type ServerTable } from "./server-table.ts";
import { TCP_TIMEOUTS, type TcpTimeouts } from "./server/tcp.ts";
import type { TlsSettings } from "./server/tls.ts";

/** An address with the server blocks that answer there, and how it listens. */
export interface ServedAddress {
  readonly host: string;
  readonly port: number;
  readonly table: ServerTable;
  readonly timeouts: TcpTimeouts;
  /** DNS over TLS with these settings; undefined for plain UDP and TCP. */
  readonly tls: TlsSettings | undefined;
  /** Sockets of each kind that share the port, in as many threads. */
  readonly sockets: number;
}

interface Address {
  readonly host: string;
  readonly port: number;
  readonly transport: ServerKey["transport"];
  readonly server: string;
  readonly served: ServedZone[];
  readonly plugins: PluginInstance[];
}

/**
 * Puts the blocks of one address together. Throws CorefileError when two blocks want the same zone
 * of it and no `view` tells them apart, and for `tls://` without a certificate.
 */
export function serveBlocks(
  blocks: readonly BuiltBlock[],
  defaultHosts: readonly string[],
): ServedAddress[] {
  const addresses = new Map<string, Address>();
  for (const built of blocks) {
    const instances = [...built.plugins.values()];
    const zone = servedZone(built);
    const hosts = instances.find((instance) => instance.hosts !== undefined)?.hosts;
    for (const key of built.keys) {
      for (const host of hosts ?? defaultHosts) {
        const address = addressOf(addresses, { ...key, host, named: hosts !== undefined });
        addZone(address, { ...zone, zone: key.zone }, built);
        address.plugins.push(...instances);
      }
    }
  }
  return [...addresses.values()].map(toServedAddress);
}

function servedZone({ plugins, view }: BuiltBlock): Omit<ServedZone, "zone"> {
  const instances = [...plugins.values()];
  const links = instances.map(linkOf).filter((link) => link !== undefined);
  const filters = instances.map(({ filter }) => filter).filter((filter) => filter !== undefined);
  const sizes = instances.map(({ listener }) => listener?.bufferSize);
  return {
    handler: links.length === 0 ? undefined : foldChain(links),
    anyClass: instances.some(({ anyClass }) => anyClass === true),
    view,
    filter:
      filters.length === 0 ? undefined : (query: Query) => filters.every((filter) => filter(query)),
    metadata: collectMetadata(instances),
    bufferSize: sizes.find((size) => size !== undefined),
  };
}

function linkOf({ link, allowsReuse }: PluginInstance): Link | undefined {
  return link === undefined || allowsReuse === true ? link : forbidReuse(link);
}

function collectMetadata(instances: readonly PluginInstance[]): MetadataReader | undefined {
  const collector = instances.find(({ collect }) => collect !== undefined);
  const readers = instances.map(({ metadata }) => metadata).filter((each) => each !== undefined);
  return collector?.collect?.(readers);
}

function addressOf(
  addresses: Map<string, Address>,
  wanted: ServerKey & { host: string; named: boolean },
): Address {
  const { host, port, transport, named } = wanted;
  const key = `${transport} ${host} ${port}`;
  const shown = host.includes(":") ? `[${host}]` : host;
  const server = `${transport}://${named ? shown : ""}:${port}`;
  const fresh: Address = { host, port, transport, server, served: [], plugins: [] };
  const address = addresses.get(key) ?? fresh;
  addresses.set(key, address);
  return address;
}

function addZone(address: Address, zone: ServedZone, { block }: BuiltBlock): void {
  const same = address.served.find((other) => other.zone === zone.zone && !other.filter);
  if (same !== undefined && zone.filter === undefined) {
    const place = block.keys[0];
    const key = `${address.transport}://${zone.zone}:${address.port}`;
    const text = `cannot serve ${key} - it is already defined`;
    throw place === undefined ? new Error(text) : new CorefileError(place, text);
  }
  if (address.transport === "tls" && !hasTls(block.directives)) {
    const text = "tls:// needs a certificate; expected the directive tls CERT KEY in its block";
    throw block.keys[0] === undefined ? new Error(text) : new CorefileError(block.keys[0], text);
  }
  address.served.push(zone);
}

function hasTls(directives: readonly { readonly name: string }[]): boolean {
  return directives.some(({ name }) => name === "tls");
}

/** Of what the blocks of an address say about its sockets the first counts. */
function toServedAddress({ host, port, transport, server, served, plugins }: Address) {
  const settings = plugins.map(({ listener }) => listener).filter((each) => each !== undefined);
  const timeouts = settings.map((each) => each.timeouts).find((each) => each !== undefined);
  const tls = settings.map((each) => each.tls).find((each) => each !== undefined);
  const sockets = settings.map((each) => each.sockets).find((each) => each !== undefined);
  return {
    host,
    port,
    table: createServerTable(server, served),
    timeouts: { ...TCP_TIMEOUTS, ...timeouts },
    tls: transport === "tls" ? tls : undefined,
    sockets: sockets ?? 1,
  };
}

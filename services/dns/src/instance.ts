import { CorefileError } from "./corefile/corefile-error.ts";
import type { Directive } from "./corefile/directive.ts";
import type { Corefile, ServerBlock } from "./corefile/parser.ts";
import { parseServerKey, type ServerKey } from "./corefile/server-key.ts";
import { foldChain } from "./chain.ts";
import type { HttpEndpoint, PluginInstance, ProcessContext } from "./plugin.ts";
import { plugins } from "./plugins/index.ts";
import type { Endpoint } from "./query.ts";
import { createServerTable, type ServedZone, type ServerTable } from "./server-table.ts";

/** An address with the server blocks that answer there. */
export interface ServedAddress {
  readonly host: string;
  readonly port: number;
  readonly table: ServerTable;
}

/** A Corefile turned into plugins: one at a time serves, a reload puts another in its place. */
export interface Instance {
  readonly addresses: readonly ServedAddress[];
  readonly endpoints: readonly HttpEndpoint[];
  /** Server, zone and name of each plugin in use. */
  readonly enabled: readonly { server: string; zone: string; name: string }[];
  start(): Promise<void>;
  listening(bound: readonly Endpoint[]): void;
  notReady(): readonly string[];
  lameduck(): Promise<void>;
  stop(): Promise<void>;
}

/** What an instance is built with, besides the Corefile. */
export interface InstanceOptions {
  readonly context: ProcessContext;
  /** The port of a key without one. */
  readonly defaultPort: number;
  /** Addresses to listen on where no `bind` says otherwise. */
  readonly defaultHosts: readonly string[];
}

interface NamedInstance {
  readonly name: string;
  readonly instance: PluginInstance;
}

interface BuiltBlock {
  readonly block: ServerBlock;
  readonly keys: readonly ServerKey[];
  readonly plugins: readonly NamedInstance[];
}

/**
 * Builds every server block's chain in the fixed order of plugins; nothing is opened yet. Throws
 * CorefileError for an unknown directive, one a plugin does not understand, or a zone served
 * twice.
 */
export function buildInstance(corefile: Corefile, options: InstanceOptions): Instance {
  const once = new Set<string>();
  const blocks: BuiltBlock[] = [];
  const notReady = (): readonly string[] => unreadyPlugins(blocks, once);
  for (const block of corefile.blocks) blocks.push(buildBlock(block, options, notReady));
  const all = blocks.flatMap((block) => block.plugins);
  const addresses = serve(blocks, options.defaultHosts);
  return {
    addresses,
    endpoints: all.flatMap(({ instance }) => instance.endpoints ?? []),
    enabled: listEnabled(blocks, addresses),
    notReady,
    async start() {
      for (const { instance } of all) await instance.start?.();
    },
    listening(bound) {
      for (const { instance } of all) instance.listening?.(bound);
    },
    async lameduck() {
      await Promise.all(all.map(async ({ instance }) => instance.lameduck?.()));
    },
    async stop() {
      await Promise.allSettled(all.map(async ({ instance }) => instance.stop?.()));
    },
  };
}

/** The names of all plugins there are, in their order. */
export function pluginNames(): readonly string[] {
  return plugins.map(({ name }) => name);
}

function buildBlock(
  block: ServerBlock,
  { context, defaultPort }: InstanceOptions,
  notReady: () => readonly string[],
): BuiltBlock {
  const keys = block.keys.flatMap((key) => parseServerKey(key, defaultPort));
  const byName = Map.groupBy(block.directives, ({ name }) => name);
  for (const [name, [first]] of byName) if (!isKnown(name)) throw unknownDirective(first);
  const setup = { ...context, zones: [...new Set(keys.map(({ zone }) => zone))], notReady };
  const built = plugins.flatMap((plugin) => {
    const directives = byName.get(plugin.name);
    if (directives === undefined) return [];
    return [{ name: plugin.name, instance: plugin.setup(directives, setup) }];
  });
  return { block, keys, plugins: built };
}

function isKnown(name: string): boolean {
  return plugins.some((plugin) => plugin.name === name);
}

function unknownDirective(directive: Directive | undefined): Error {
  if (directive === undefined) return new Error("a directive has no place");
  const { name, position } = directive;
  const text = `Unknown directive '${name}'; expected one of ${pluginNames().join(", ")}`;
  return new CorefileError(position, text);
}

/** A plugin that was ready once is not asked again (CoreDNS' `until-ready`). */
function unreadyPlugins(blocks: readonly BuiltBlock[], once: Set<string>): readonly string[] {
  const unready: string[] = [];
  for (const [index, block] of blocks.entries()) {
    for (const { name, instance } of block.plugins) {
      const id = `${index} ${name}`;
      if (once.has(id)) continue;
      if (instance.ready?.() === false) unready.push(name);
      else once.add(id);
    }
  }
  return [...new Set(unready)];
}

interface Address {
  readonly host: string;
  readonly port: number;
  readonly server: string;
  readonly served: Map<string, ServedZone>;
}

function serve(blocks: readonly BuiltBlock[], defaultHosts: readonly string[]): ServedAddress[] {
  const addresses = new Map<string, Address>();
  for (const built of blocks) {
    const links = built.plugins.map(({ instance }) => instance.link);
    const chain = links.filter((link) => link !== undefined);
    const handler = chain.length === 0 ? undefined : foldChain(chain);
    const anyClass = built.plugins.some(({ instance }) => instance.anyClass === true);
    const hosts = built.plugins.find(({ instance }) => instance.hosts !== undefined)?.instance
      .hosts;
    for (const { zone, port } of built.keys) {
      for (const host of hosts ?? defaultHosts) {
        const address = addressOf(addresses, { host, port, named: hosts !== undefined });
        addZone(address, { zone, handler, anyClass }, built.block);
      }
    }
  }
  return [...addresses.values()].map(({ host, port, server, served }) => ({
    host,
    port,
    table: createServerTable(server, [...served.values()]),
  }));
}

function addressOf(
  addresses: Map<string, Address>,
  { host, port, named }: { host: string; port: number; named: boolean },
): Address {
  const key = `${host} ${port}`;
  const shown = host.includes(":") ? `[${host}]` : host;
  const server = `dns://${named ? shown : ""}:${port}`;
  const address = addresses.get(key) ?? { host, port, server, served: new Map() };
  addresses.set(key, address);
  return address;
}

function addZone(address: Address, zone: ServedZone, block: ServerBlock): void {
  if (address.served.has(zone.zone)) {
    const place = block.keys[0];
    const text = `cannot serve dns://${zone.zone}:${address.port} - it is already defined`;
    throw place === undefined ? new Error(text) : new CorefileError(place, text);
  }
  address.served.set(zone.zone, zone);
}

function listEnabled(
  blocks: readonly BuiltBlock[],
  addresses: readonly ServedAddress[],
): { server: string; zone: string; name: string }[] {
  return blocks
    .filter(({ plugins: own }) => own.some(({ name }) => name === "prometheus"))
    .flatMap(({ keys, plugins: own }) =>
      keys.flatMap(({ zone, port }) =>
        addresses
          .filter((address) => address.port === port && address.table.zones.includes(zone))
          .flatMap(({ table }) => own.map(({ name }) => ({ server: table.server, zone, name }))),
      ),
    );
}

import { type BlockOptions, type BuiltBlock, buildBlock } from "./block.ts";
import type { Corefile } from "./corefile/parser.ts";
import type { HttpEndpoint, ProcessContext } from "./plugin.ts";
import type { Endpoint } from "./query.ts";
import { type ServedAddress, serveBlocks } from "./served-address.ts";

/** A Corefile turned into plugins: one at a time serves, a reload puts another in its place. */
export interface Instance {
  readonly addresses: readonly ServedAddress[];
  readonly endpoints: readonly HttpEndpoint[];
  /** Server, zone and name of each plugin in use. */
  readonly enabled: readonly EnabledPlugin[];
  start(): Promise<void>;
  /** Queries are taken from now on, at these addresses. */
  listening(bound: readonly Endpoint[]): void;
  /** What keeps it from answering well: names of plugins, or SOCKETS. */
  notReady(): readonly string[];
  lameduck(): Promise<void>;
  stop(): Promise<void>;
}

/** A plugin in use; labels of coredns_plugin_enabled. */
export interface EnabledPlugin {
  readonly server: string;
  readonly zone: string;
  readonly view: string;
  readonly name: string;
}

/** What an instance is built with, besides the Corefile. */
export interface InstanceOptions {
  readonly context: ProcessContext;
  /** The port of a key without one. */
  readonly defaultPort: number;
  /** Addresses to listen on where no `bind` says otherwise. */
  readonly defaultHosts: readonly string[];
}

/** What is waited for before `listening` is told; no plugin has this name. */
const SOCKETS = "sockets";

/**
 * Builds every server block's chain in the fixed order of plugins; nothing is opened yet. Throws
 * CorefileError for an unknown directive, one a plugin does not understand, or a zone served
 * twice.
 */
export function buildInstance(corefile: Corefile, options: InstanceOptions): Instance {
  const once = new Set<string>();
  const blocks: BuiltBlock[] = [];
  let isListening = false;
  const notReady: BlockOptions["notReady"] = ({ again }) => [
    ...unreadyPlugins(blocks, again ? new Set() : once),
    ...(isListening ? [] : [SOCKETS]),
  ];
  for (const block of corefile.blocks) blocks.push(buildBlock(block, { ...options, notReady }));
  const all = blocks.flatMap((block) => [...block.plugins.values()]);
  const addresses = serveBlocks(blocks, options.defaultHosts);
  return {
    addresses,
    endpoints: all.flatMap(({ endpoints }) => endpoints ?? []),
    enabled: listEnabled(blocks, addresses),
    notReady: () => notReady({ again: false }),
    async start() {
      for (const instance of all) await instance.start?.();
    },
    listening(bound) {
      isListening = true;
      for (const instance of all) instance.listening?.(bound);
    },
    async lameduck() {
      await Promise.all(all.map(async (instance) => instance.lameduck?.()));
    },
    async stop() {
      await Promise.allSettled(all.map(async (instance) => instance.stop?.()));
    },
  };
}

/** A plugin that was ready once is not asked again (CoreDNS' `until-ready`). */
function unreadyPlugins(blocks: readonly BuiltBlock[], once: Set<string>): readonly string[] {
  const unready: string[] = [];
  for (const [index, block] of blocks.entries()) {
    for (const [name, instance] of block.plugins) {
      const id = `${index} ${name}`;
      if (once.has(id)) continue;
      if (instance.ready?.() === false) unready.push(name);
      else once.add(id);
    }
  }
  return [...new Set(unready)];
}

function listEnabled(
  blocks: readonly BuiltBlock[],
  addresses: readonly ServedAddress[],
): EnabledPlugin[] {
  return blocks
    .filter(({ plugins }) => plugins.has("prometheus"))
    .flatMap(({ keys, plugins, view }) =>
      keys.flatMap(({ zone, port, transport }) =>
        addresses
          .filter(({ tls }) => (tls === undefined) === (transport === "dns"))
          .filter(({ port: own, table }) => own === port && serves(table.blocks, zone, view))
          .flatMap(({ table: { server } }) =>
            [...plugins.keys()].map((name) => ({ server, zone, view, name })),
          ),
      ),
    );
}

function serves(blocks: ServedAddress["table"]["blocks"], zone: string, view: string): boolean {
  return blocks.some((block) => block.zone === zone && block.view === view);
}

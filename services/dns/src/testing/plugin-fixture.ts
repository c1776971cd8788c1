import { CLASS_IN } from "@kubehop/dns-wire";
import { createLogger, createMetrics } from "@kubehop/kit";
import { type Handler, PluginError } from "../chain.ts";
import { createDnsMetrics } from "../metrics.ts";
import type { Plugin, PluginInstance, SetupContext } from "../plugin.ts";
import type { Query } from "../query.ts";
import { createReply, type Reply } from "../reply.ts";
import { parseText } from "./parse-text.ts";

/** A query as it reaches a plugin. */
export function createTestQuery(name: string, type = "A", parts: Partial<Query> = {}): Query {
  return {
    id: 1,
    flags: 0,
    opcode: 0,
    question: { name, type, class: CLASS_IN },
    name: name.toLowerCase(),
    edns: undefined,
    authorities: undefined,
    protocol: "udp",
    client: { ip: "192.0.2.9", port: 40_000 },
    local: { ip: "192.0.2.53", port: 53 },
    size: 30,
    startedAt: 0,
    server: "dns://:53",
    zone: ".",
    view: "",
    metadata: undefined,
    observers: [],
    depth: 0,
    dispatch: () => createReply("test"),
    ...parts,
  };
}

/** Sets a plugin up from the text of a server block's inside, as the server would. */
export function setupPlugin(
  plugin: Plugin,
  text: string,
  parts: Partial<SetupContext> = {},
): PluginInstance {
  const directives = parseText(`. {\n${text}\n}`).blocks[0]?.directives ?? [];
  const own = directives.filter(({ name }) => name === plugin.name);
  return plugin.setup(own, {
    zones: ["."],
    view: "",
    folder: "/etc/coredns",
    metrics: createDnsMetrics(createMetrics(), "test"),
    clock: { now: () => 0, monotonic: () => 0 },
    random: () => 0,
    logger: createLogger({ name: "test", level: "silent" }),
    notReady: () => [],
    siblings: () => new Map(),
    ...parts,
  } as SetupContext);
}

/** The plugin's handler before one that answers as the test says; by default it fails. */
export function linkPlugin(
  plugin: Plugin,
  text: string,
  next: Handler = endOfChain,
): (query: Query) => Promise<Reply> {
  const handler = setupPlugin(plugin, text).link?.(next) ?? next;
  return async (query) => handler(query);
}

function endOfChain(): never {
  throw new PluginError("test", "no next plugin found");
}

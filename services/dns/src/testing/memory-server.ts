import { createLogger, createMetrics } from "@kubehop/kit";
import { createClusterView } from "../cluster/cluster-view.ts";
import type { ClusterSource } from "../cluster/cluster-source.ts";
import { buildInstance } from "../instance.ts";
import { createDnsMetrics, type DnsMetrics } from "../metrics.ts";
import type { ProcessContext } from "../plugin.ts";
import { type Answer, createResponder, type Packet } from "../server/responder.ts";
import { parseText } from "./parse-text.ts";

/** A server without sockets: octets in, octets out. */
export interface MemoryServer {
  respond(packet: Packet): Promise<Answer | undefined>;
  readonly metrics: DnsMetrics;
  /** How often its plugins were asked. */
  asked(): number;
}

/** What it is made from. */
export interface MemoryServerOptions {
  readonly corefile: string;
  readonly source: ClusterSource;
  /** Milliseconds. */
  now(): number;
  /** Without it every query goes through the plugins. */
  readonly wireCache: boolean;
}

/** Builds the plugins of a Corefile and the path of a query to them. */
export function createMemoryServer(options: MemoryServerOptions): MemoryServer {
  const { corefile, source, now } = options;
  const ignore = (): undefined => undefined;
  const clock = { now, monotonic: now };
  const logger = createLogger({ name: "test", level: "silent" });
  const metrics = createDnsMetrics(createMetrics(), "test");
  const view = createClusterView({ source, clock, onApplied: ignore, onProgrammed: ignore });
  const context: ProcessContext = {
    logger,
    metrics,
    clock,
    random: Math.random,
    folder: "/etc/coredns",
    cluster({ pods }) {
      if (pods) view.followPods();
      return view;
    },
    localAddresses: () => ["10.244.0.12"],
    checkCorefile: async () => undefined,
    warnUsers: ignore,
    workersServe: () => true,
    exposition: async () => "",
    debugging: { enter: ignore, leave: ignore, active: () => false },
    abort: ignore,
  };
  const built = { context, defaultPort: 53, defaultHosts: ["0.0.0.0"] };
  const [address] = buildInstance(parseText(corefile), built).addresses;
  if (address === undefined) throw new Error("the Corefile serves nothing");
  const { table } = address;
  let asked = 0;
  const counting: typeof table = {
    ...table,
    find(...query) {
      asked++;
      return table.find(...query);
    },
  };
  const respond = createResponder({
    table: () => counting,
    local: () => ({ ip: "0.0.0.0", port: 53 }),
    metrics,
    logger,
    clock,
    hops: { observe: ignore, active: () => !options.wireCache },
    onDefect: ignore,
  });
  return { metrics, asked: () => asked, respond: async (packet) => respond(packet) };
}

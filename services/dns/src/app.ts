import { networkInterfaces } from "node:os";
import { dirname } from "node:path";
import { ConfigError, type Kit, type RunningService } from "@kubehop/kit";
import { type ClusterAccess, createClusterAccess } from "./cluster/cluster-access.ts";
import type { ClusterSource } from "./cluster/cluster-source.ts";
import { createPodEvents } from "./cluster/pod-events.ts";
import { busUrlOf, type DnsConfig } from "./config.ts";
import { createCorefileServer } from "./corefile-server.ts";
import { CorefileError } from "./corefile/corefile-error.ts";
import { createDebugging } from "./debugging.ts";
import { createHopObserver } from "./hop-observer.ts";
import { createDnsMetrics } from "./metrics.ts";
import type { ProcessContext } from "./plugin.ts";
import type { Endpoint } from "./query.ts";
import { createHttpEndpoints } from "./server/http-endpoints.ts";
import { createListeners } from "./server/listeners.ts";

/** What the process around the server gives it. */
export interface DnsProcess {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Ends the process with code 1. */
  abort(): void;
  /** The list/watch source of tests; the bus when absent. */
  readonly source?: ClusterSource;
}

/** A DNS server that answers. */
export interface DnsServer extends RunningService {
  /** The bound addresses; each on UDP and TCP. */
  readonly addresses: readonly Endpoint[];
  /** The bound port of an HTTP address as the Corefile writes it. */
  httpPort(listen: string): number | undefined;
  /** Reads the Corefile again and takes it over if it changed; what `reload` does. */
  checkCorefile(): Promise<void>;
}

/**
 * Starts a DNS server: reads the Corefile, builds its plugins, waits for what they wait for and
 * listens. Rejects with ConfigError when the Corefile cannot be used.
 */
export async function build(config: DnsConfig, kit: Kit, process: DnsProcess): Promise<DnsServer> {
  kit.logger.level = config.logLevel;
  const metrics = createDnsMetrics(kit.metrics, "1.14.7-kubehop");
  const cluster = createAccess(config, kit, { process, metrics });
  const { clock, logger } = kit;
  const hops = createHopObserver(cluster, clock);
  const debugging = createDebugging(logger);
  const events = createPodEvents({ env: process.env, logger });
  const onDefect = (): void => {
    if (debugging.active()) process.abort();
  };
  const listeners = createListeners({ metrics, logger, clock, hops, onDefect });
  const http = createHttpEndpoints(logger);
  const context: ProcessContext = {
    logger,
    metrics,
    clock,
    random: kit.random,
    folder: dirname(config.conf),
    cluster: (options) => cluster.view(options),
    localAddresses: localAddresses(),
    checkCorefile: () => server.checkCorefile(),
    debugging,
    warnUsers: (reason, message) => events.warn(reason, message),
    abort: () => process.abort(),
  };
  const server = createCorefileServer({ config, env: process.env, context, listeners, http });
  try {
    await server.start();
  } catch (error) {
    await server.stop();
    await cluster[Symbol.asyncDispose]();
    throw error instanceof CorefileError ? new ConfigError(error.message) : error;
  }
  return {
    get addresses() {
      return server.addresses();
    },
    httpPort: (listen) => http.portOf(listen),
    checkCorefile: () => server.checkCorefile(),
    ready: () => server.ready(),
    async [Symbol.asyncDispose]() {
      await server.lameduck();
      await server.stop();
      await Promise.all([cluster[Symbol.asyncDispose](), events[Symbol.asyncDispose]()]);
    },
  };
}

function createAccess(
  config: DnsConfig,
  kit: Kit,
  { process, metrics }: { process: DnsProcess; metrics: ReturnType<typeof createDnsMetrics> },
): ClusterAccess {
  const url = busUrlOf(config, process.env);
  const { busUser: user, busPassword: password } = config;
  return createClusterAccess({
    bus: url === undefined ? undefined : { url, user, password },
    ...(process.source === undefined ? {} : { source: process.source }),
    node: process.env["HOSTNAME"] ?? "dns",
    logger: kit.logger,
    metrics,
    clock: kit.clock,
    onRefused: () => process.abort(),
  });
}

/** Read once: a pod keeps its addresses, and every NS answer asks for them. */
function localAddresses(): () => readonly string[] {
  let addresses: readonly string[] | undefined;
  return () => {
    addresses ??= Object.values(networkInterfaces())
      .flatMap((each) => each ?? [])
      .filter(({ internal, scopeid }) => !internal && (scopeid ?? 0) === 0)
      .map(({ address }) => address);
    return addresses;
  };
}

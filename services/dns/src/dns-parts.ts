import { networkInterfaces } from "node:os";
import { dirname } from "node:path";
import type { Kit } from "@kubehop/kit";
import { type ClusterAccess, createClusterAccess } from "./cluster/cluster-access.ts";
import type { ClusterSource } from "./cluster/cluster-source.ts";
import { busUrlOf, type DnsConfig } from "./config.ts";
import { createDebugging } from "./debugging.ts";
import { createHopObserver } from "./hop-observer.ts";
import { createDnsMetrics, type DnsMetrics } from "./metrics.ts";
import type { ProcessContext } from "./plugin.ts";
import { createListeners, type Listeners } from "./server/listeners.ts";

/** What the process around the server gives it. */
export interface DnsProcess {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Ends the process with code 1. */
  abort(): void;
  /** The list/watch source of tests; the bus when absent. */
  readonly source?: ClusterSource;
}

/** What every thread that answers has. */
export interface DnsParts {
  readonly metrics: DnsMetrics;
  readonly cluster: ClusterAccess;
  readonly listeners: Listeners;
  /** What plugins are built with, but for what only the process's own thread does. */
  readonly context: Omit<
    ProcessContext,
    "checkCorefile" | "warnUsers" | "workersServe" | "exposition"
  >;
}

const VERSION = "1.14.7-kubehop";

/** Creates the parts; nothing is opened or connected yet. */
export function createDnsParts(config: DnsConfig, kit: Kit, process: DnsProcess): DnsParts {
  const { clock, logger, random } = kit;
  const metrics = createDnsMetrics(kit.metrics, VERSION);
  const cluster = createAccess(config, kit, { process, metrics });
  const hops = createHopObserver(cluster, clock);
  const debugging = createDebugging(logger);
  const onDefect = (): void => {
    if (debugging.active()) process.abort();
  };
  return {
    metrics,
    cluster,
    listeners: createListeners({ metrics, logger, clock, hops, onDefect }),
    context: {
      logger,
      metrics,
      clock,
      random,
      folder: dirname(config.conf),
      cluster: (options) => cluster.view(options),
      localAddresses: localAddresses(),
      debugging,
      abort: () => process.abort(),
    },
  };
}

function createAccess(
  config: DnsConfig,
  kit: Kit,
  { process, metrics }: { process: DnsProcess; metrics: DnsMetrics },
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

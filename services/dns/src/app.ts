import { ConfigError, type Kit, type RunningService } from "@kubehop/kit";
import { createPodEvents } from "./cluster/pod-events.ts";
import type { DnsConfig } from "./config.ts";
import { createCorefileServer } from "./corefile-server.ts";
import { CorefileError } from "./corefile/corefile-error.ts";
import { createDnsParts, type DnsProcess } from "./dns-parts.ts";
import type { ProcessContext } from "./plugin.ts";
import type { Endpoint } from "./query.ts";
import { createHttpEndpoints } from "./server/http-endpoints.ts";
import { createWorkers } from "./worker/workers.ts";

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
  const { logger } = kit;
  const { env } = process;
  const { metrics, cluster, listeners, context: shared } = createDnsParts(config, kit, process);
  const { registry } = metrics;
  const abort = (): void => process.abort();
  const workers = createWorkers({ config, env, logger, registry, abort });
  const events = createPodEvents({ env, logger });
  const http = createHttpEndpoints(logger);
  const context: ProcessContext = {
    ...shared,
    checkCorefile: () => server.checkCorefile(),
    warnUsers: (reason, message) => events.warn(reason, message),
    workersServe: () => workers.serving(),
    exposition: () => workers.exposition(),
  };
  const server = createCorefileServer({ config, env, context, listeners, workers, http });
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

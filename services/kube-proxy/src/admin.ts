import { createAdminServer, type Kit } from "@kubehop/kit";
import { formatAddress } from "@kubehop/routing";
import type { Config } from "./config.ts";
import { createHealthServer } from "./health-server.ts";
import type { ProxyHealth } from "./health.ts";
import type { ProxyMetrics } from "./metrics.ts";

/** What the admin ports show. */
export interface AdminOptions {
  readonly config: Config;
  readonly kit: Kit;
  readonly health: ProxyHealth;
  readonly metrics: ProxyMetrics;
  /** The mode that is used, which may be another than the wanted one. */
  readonly mode: string;
}

/** The ports that were bound. */
export interface Admin extends AsyncDisposable {
  readonly healthzPort: number;
  readonly metricsPort: number;
}

/**
 * Serves the two admin ports on the node's primary address (never on all addresses: with an AnyIP
 * route a wildcard socket would answer on every cluster IP): /healthz and /livez on one, /metrics,
 * /healthz, /proxyMode and /configz on the other. Rejects when one is taken.
 */
export async function listenAdmin(options: AdminOptions): Promise<Admin> {
  const { config, kit, health, metrics, mode } = options;
  const [host = ""] = config.nodeIp;
  await using stack = new AsyncDisposableStack();
  const healthServer = stack.use(
    await createHealthServer({
      host,
      port: config.healthzPort,
      health,
      onAnswer: (path, code) => metrics.healthAnswered(path, code),
    }),
  );
  const metricsServer = stack.use(
    await createAdminServer({
      listen: formatAddress(host, config.metricsPort),
      metrics: kit.metrics,
      live: {
        proxy: () => health.report("livez").healthy || "a change waits too long to be synced",
      },
      routes(app) {
        app.get("/proxyMode", () => mode);
        app.get("/configz", () => ({ "kubeproxy.config.k8s.io": withoutSecrets(config) }));
      },
    }),
  );
  const owned = stack.move();
  return {
    healthzPort: healthServer.port,
    metricsPort: metricsServer.port,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

function withoutSecrets(config: Config): Config {
  return { ...config, busPassword: "" };
}

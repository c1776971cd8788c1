import { createServer } from "node:http";
import { once } from "node:events";
import type { Logger } from "@kubehop/kit";
import {
  type Address,
  diffTables,
  formatAddress,
  type ServicePort,
  type ServiceTable,
  type TableDiff,
} from "@kubehop/routing";
import { type Binding, createBinding } from "./binding.ts";

/**
 * The health checks of Services with externalTrafficPolicy Local: on each one's healthCheckNodePort
 * a load balancer learns whether this node has an endpoint (upstream: healthcheck/service_health.go).
 */
export interface ServiceHealth extends AsyncDisposable {
  /** Opens, closes and fits the servers to a table that was just applied. */
  sync(table: ServiceTable): Promise<void>;
}

/** What the health of Services depends on. */
export interface ServiceHealthOptions {
  /** The node's addresses: each is listened on. */
  readonly addresses: readonly string[];
  readonly retryMs: number;
  readonly logger: Logger;
  /** Whether the proxy itself is healthy. */
  isProxyHealthy(): boolean;
  /** Told when a port that should be open begins to be one that cannot be bound. */
  onUnbound(service: string, problem: string): void;
}

/** One Service's check. */
interface Check {
  readonly namespace: string;
  readonly name: string;
  readonly localEndpoints: number;
}

interface CheckServer {
  check: Check;
  readonly bindings: readonly Binding[];
}

/** Creates the keeper of the servers; none is open. */
export function createServiceHealth(options: ServiceHealthOptions): ServiceHealth {
  const servers = new Map<number, CheckServer>();
  let applied: ServiceTable | undefined;

  function open(port: number, check: Check): CheckServer {
    const server: CheckServer = {
      check,
      bindings: options.addresses.map((ip) =>
        createBinding({
          frontend: `health check ${formatAddress(ip, port)}`,
          retryMs: options.retryMs,
          logger: options.logger,
          bind: () => listen({ ip, port }, () => answerOf(server.check, options)),
          onFailure: (problem, repeated) => {
            const { namespace, name } = server.check;
            if (!repeated) options.onUnbound(`${namespace}/${name}`, problem);
          },
        }),
      ),
    };
    servers.set(port, server);
    return server;
  }

  async function close(port: number): Promise<void> {
    const server = servers.get(port);
    servers.delete(port);
    await Promise.all((server?.bindings ?? []).map((binding) => binding.want(false)));
  }

  return {
    async sync(table) {
      const changed = hasChangedChecks(diffTables(applied, table));
      applied = table;
      if (!changed) return;
      const checks = checksOf(table);
      for (const port of servers.keys()) if (!checks.has(port)) await close(port);
      for (const [port, check] of checks) {
        const server = servers.get(port) ?? open(port, check);
        server.check = check;
        await Promise.all(server.bindings.map((binding) => binding.want(true)));
      }
    },
    async [Symbol.asyncDispose]() {
      await Promise.all([...servers.keys()].map(close));
    },
  };
}

/** Most changes are of Services without a check. */
function hasChangedChecks({ added, removed, changed }: TableDiff): boolean {
  const pairs = changed.flatMap(({ previous, current }) => [previous, current]);
  return [...added, ...removed, ...pairs].some(
    ({ service }) => service.healthCheckNodePort !== undefined,
  );
}

/** By port, the Services that have a check; those that terminate or are not ready do not count. */
function checksOf({ frontends }: ServiceTable): ReadonlyMap<number, Check> {
  const byPort = new Map<number, Set<ServicePort>>();
  for (const { service } of frontends.values()) {
    if (service.healthCheckNodePort === undefined) continue;
    const known = byPort.get(service.healthCheckNodePort) ?? new Set();
    byPort.set(service.healthCheckNodePort, known.add(service));
  }
  return new Map([...byPort].map(([port, services]) => [port, checkOf([...services])]));
}

function checkOf(services: readonly ServicePort[]): Check {
  const [namespace = "", rest = ""] = (services[0]?.name ?? "").split("/");
  const ready = services.flatMap(({ local }) => local.endpoints.filter(({ ready }) => ready));
  const localEndpoints = new Set(ready.map(({ ip }) => ip)).size;
  return { namespace, name: rest.split(":")[0] ?? "", localEndpoints };
}

interface Answer {
  readonly code: number;
  readonly endpoints: number;
  readonly body: string;
}

function answerOf(check: Check, { isProxyHealthy }: ServiceHealthOptions): Answer {
  const { namespace, name, localEndpoints } = check;
  const serviceProxyHealthy = isProxyHealthy();
  const code = localEndpoints > 0 && serviceProxyHealthy ? 200 : 503;
  const body = { service: { namespace, name }, localEndpoints, serviceProxyHealthy };
  return { code, endpoints: localEndpoints, body: `${JSON.stringify(body)}\n` };
}

async function listen({ ip, port }: Address, answer: () => Answer): Promise<Disposable> {
  const server = createServer((_request, response) => {
    const { code, endpoints, body } = answer();
    response.writeHead(code, {
      "content-type": "application/json",
      "x-content-type-options": "nosniff",
      "x-load-balancing-endpoint-weight": endpoints,
      "content-length": Buffer.byteLength(body),
    });
    response.end(body);
  });
  server.listen({ host: ip, port });
  await once(server, "listening");
  return {
    [Symbol.dispose]() {
      server.close();
      server.closeAllConnections();
    },
  };
}

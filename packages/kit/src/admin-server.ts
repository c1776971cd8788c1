import { type FastifyInstance, type FastifyReply, fastify } from "fastify";
import type { Registry } from "prom-client";

/** The answer of one check: true, or why not. */
export type CheckResult = true | string;

/** Named checks of a health path; called at each request. */
export type Checks = Readonly<Record<string, () => CheckResult>>;

/** What an admin server listens on and answers with. */
export interface AdminServerOptions {
  /** `ip:port`; port 0 takes a free one. */
  readonly listen: string;
  readonly metrics?: Registry;
  /** Checks of /livez; /healthz answers with these too. */
  readonly live?: Checks;
  /** Checks of /readyz. */
  readonly ready?: Checks;
  /** Further routes of the process. */
  routes?(app: FastifyInstance): void;
}

/** An admin server that listens. */
export interface AdminServer extends AsyncDisposable {
  readonly host: string;
  readonly port: number;
}

/**
 * Serves /healthz, /livez, /readyz (text, `?verbose` and `?exclude=name` as kube-apiserver's) and
 * /metrics. Rejects when the address cannot be bound.
 */
export async function createAdminServer(options: AdminServerOptions): Promise<AdminServer> {
  const app = fastify({ forceCloseConnections: true, requestTimeout: 10_000 });
  addHealthRoute(app, "livez", options.live ?? {});
  addHealthRoute(app, "healthz", options.live ?? {});
  addHealthRoute(app, "readyz", options.ready ?? options.live ?? {});
  const { metrics } = options;
  if (metrics !== undefined) {
    app.get("/metrics", async (_request, reply) => {
      reply.header("content-type", metrics.contentType);
      return metrics.metrics();
    });
  }
  options.routes?.(app);
  const { host, port } = splitHostPort(options.listen);
  await app.listen({ host, port });
  const address = app.server.address();
  return {
    host,
    port: typeof address === "object" && address !== null ? address.port : port,
    [Symbol.asyncDispose]: () => app.close(),
  };
}

/**
 * Adds a health path to a Fastify application: 200 `ok`, or 500 with the failed checks (text of
 * k8s.io/apiserver/pkg/server/healthz); `/PATH/NAME` tells of one check.
 */
export function addHealthRoute(app: FastifyInstance, path: string, checks: Checks): void {
  app.get<{ Querystring: { verbose?: string; exclude?: string | string[] } }>(
    `/${path}`,
    async (request, reply) => {
      const excluded = new Set([request.query.exclude ?? []].flat());
      return sendHealth(reply, path, runChecks(checks, excluded), request.query.verbose);
    },
  );
  app.get<{ Params: { "*": string } }>(`/${path}/*`, async (request, reply) => {
    const name = request.params["*"];
    const check = name === "ping" ? (): CheckResult => true : ownCheck(checks, name);
    if (check === undefined) return reply.callNotFound();
    const result = check();
    reply.code(result === true ? 200 : 500);
    reply.header("content-type", "text/plain; charset=utf-8");
    reply.header("x-content-type-options", "nosniff");
    return result === true ? "ok" : `internal server error: ${result}\n`;
  });
}

function ownCheck(checks: Checks, name: string): (() => CheckResult) | undefined {
  return Object.hasOwn(checks, name) ? checks[name] : undefined;
}

interface HealthReport {
  readonly healthy: boolean;
  readonly lines: readonly string[];
}

function runChecks(checks: Checks, excluded: ReadonlySet<string>): HealthReport {
  let healthy = true;
  const lines = Object.entries({ ping: (): CheckResult => true, ...checks }).map(
    ([name, check]) => {
      if (excluded.has(name)) return `[+]${name} excluded: ok`;
      const result = check();
      if (result === true) return `[+]${name} ok`;
      healthy = false;
      return `[-]${name} failed: ${result}`;
    },
  );
  return { healthy, lines };
}

function sendHealth(
  reply: FastifyReply,
  path: string,
  report: HealthReport,
  verbose: string | undefined,
): string {
  reply.code(report.healthy ? 200 : 500);
  reply.header("content-type", "text/plain; charset=utf-8");
  reply.header("x-content-type-options", "nosniff");
  if (report.healthy && verbose === undefined) return "ok";
  return `${report.lines.join("\n")}\n${path} check ${report.healthy ? "passed" : "failed"}\n`;
}

/** Splits `ip:port` or `[ip]:port`. Throws when the port is missing. */
export function splitHostPort(address: string): { host: string; port: number } {
  const match = /^(?:\[([^\]]+)\]|([^:]*)):(\d+)$/.exec(address);
  if (match === null) throw new Error(`"${address}" is not of the form ip:port.`);
  return { host: match[1] ?? match[2] ?? "", port: Number(match[3]) };
}

import type { Kit } from "@kubehop/kit";
import { STATUS_CODES } from "node:http";
import type { AddressInfo } from "node:net";
import { Readable, type Duplex, type Writable } from "node:stream";
import type { Logger } from "@kubehop/client";
import { fastify, type FastifyInstance } from "fastify";
import type { MirrorPods } from "../mirror/mirror-pods.ts";
import type { PodDirectories } from "../pod-files.ts";
import type { ExecProcess, Runtime } from "../runtime/runtime.ts";
import type { PodWatch } from "../watches.ts";
import { attachTo } from "./attach.ts";
import { serveExecOverSpdy } from "./exec-spdy.ts";
import {
  createExecServer,
  type ExecQuery,
  type ExecServer,
  parseAttachQuery,
  parseExecQuery,
} from "./exec.ts";
import { parseLogQuery } from "./log-query.ts";
import type { LogStore } from "./log-store.ts";
import { findExec, findInput, findLog, findSandbox, RequestError } from "./pod-requests.ts";
import { createPortDialer } from "./port-dialer.ts";
import {
  createPortForwardServer,
  FORWARD_PROTOCOLS,
  forwardTo,
  parsePorts,
  type PortForwardServer,
} from "./port-forward.ts";
import { asksForSpdy, createSpdyServer, type SpdyServer, type Upgrade } from "./spdy-server.ts";

/** What the kubelet's server listens on and answers with. */
export interface KubeletServerOptions {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** PEM; clients need a certificate that `ca` has signed. */
  readonly tls: { readonly cert: string; readonly key: string; readonly ca: string };
  readonly metrics: Kit["metrics"];
  readonly pods: PodWatch;
  readonly runtime: Runtime;
  readonly mirrors: Pick<MirrorPods, "find">;
  readonly logs: LogStore;
  readonly directories: PodDirectories;
  readonly logger: Logger;
}

/** A server that listens. */
export interface KubeletServer extends AsyncDisposable {
  readonly port: number;
}

interface PodPath {
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
}

/**
 * Serves what the API server asks a node for: GET /containerLogs/NS/POD/CONTAINER; /exec/NS/POD/CONTAINER,
 * /attach/NS/POD/CONTAINER and /portForward/NS/POD over WebSocket or SPDY; /pods, /metrics,
 * /healthz; TLS with client certificates only. Rejects when the address cannot be bound.
 */
export async function startKubeletServer(options: KubeletServerOptions): Promise<KubeletServer> {
  const { tls, host, port } = options;
  const https = { ...tls, requestCert: true, rejectUnauthorized: true };
  const app = fastify({ https, forceCloseConnections: true }) as unknown as FastifyInstance;
  addRoutes(app, options);
  const servers = {
    execs: createExecServer(),
    forwards: createPortForwardServer(),
    spdy: createSpdyServer(),
  };
  app.server.on("upgrade", (request, socket, head) => {
    socket.on("error", () => socket.destroy());
    try {
      upgrade(options, servers, { request, socket, head });
    } catch (error) {
      refuse(socket, error as Error);
    }
  });
  await app.listen({ host, port });
  return {
    port: (app.server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      servers.execs.close();
      servers.forwards.close();
      servers.spdy.close();
      await app.close();
    },
  };
}

function addRoutes(app: FastifyInstance, options: KubeletServerOptions): void {
  app.get("/healthz", () => "ok");
  app.get("/metrics", async (_request, reply) => {
    reply.header("content-type", options.metrics.contentType);
    return options.metrics.metrics();
  });
  app.get("/pods", () => {
    return { kind: "PodList", apiVersion: "v1", metadata: {}, items: options.pods.list() };
  });
  app.get<{ Params: PodPath; Querystring: Record<string, string> }>(
    "/containerLogs/:namespace/:pod/:container",
    async (request, reply) => {
      const query = parseLogQuery(request.query, Date.now());
      const read = findLog(options, request.params, query.previous);
      const gone = new AbortController();
      request.raw.once("close", () => gone.abort());
      reply.raw.once("close", () => gone.abort());
      const log = await read(query, gone.signal);
      reply.header("content-type", "text/plain; charset=utf-8");
      reply.raw.flushHeaders();
      return Readable.from(log);
    },
  );
  app.setErrorHandler(async (error: Error, _request, reply) => {
    reply.code(error instanceof RequestError ? error.statusCode : 400);
    return reply.type("text/plain; charset=utf-8").send(error.message);
  });
}

/** Who speaks on upgraded connections. */
interface UpgradeServers {
  readonly execs: ExecServer;
  readonly forwards: PortForwardServer;
  readonly spdy: SpdyServer;
}

function upgrade(options: KubeletServerOptions, servers: UpgradeServers, upgrade: Upgrade): void {
  const url = new URL(upgrade.request.url ?? "/", "https://kubelet");
  const [action, namespace = "", pod = "", container = ""] = url.pathname
    .slice(1)
    .split("/")
    .map(decodeURIComponent);
  if (action === "portForward" && pod !== "") {
    const dial = createPortDialer(options.runtime, findSandbox(options, { namespace, pod }));
    if (asksForSpdy(upgrade.request)) {
      servers.spdy.accept(upgrade, FORWARD_PROTOCOLS, forwardTo(dial));
      return;
    }
    return servers.forwards.serve(upgrade, parsePorts(url.searchParams), dial);
  }
  if (container === "" || (action !== "exec" && action !== "attach")) {
    throw new RequestError(
      404,
      "only /exec/NAMESPACE/POD/CONTAINER, /attach/… and /portForward/NAMESPACE/POD can be upgraded",
    );
  }
  const path = { namespace, pod, container };
  const joined = { path, parameters: url.searchParams, isAttach: action === "attach" };
  const { query, start } = findProcess(options, joined);
  if (asksForSpdy(upgrade.request)) serveExecOverSpdy(servers.spdy, upgrade, { query, start });
  else servers.execs.serve(upgrade, query, start);
}

interface Joined {
  readonly path: PodPath;
  readonly parameters: URLSearchParams;
  readonly isAttach: boolean;
}

/** What an exec or attach joins its client with. Throws RequestError, or Error for a bad query. */
function findProcess(
  options: KubeletServerOptions,
  { path, parameters, isAttach }: Joined,
): { readonly query: ExecQuery; readonly start: () => ExecProcess } {
  const exec = findExec(options, path);
  if (isAttach) {
    const query = parseAttachQuery(parameters);
    const input = (): Writable | undefined => (query.stdin ? findInput(options, path) : undefined);
    return { query, start: () => attachTo(findLog(options, path, false), input()) };
  }
  const query = parseExecQuery(parameters);
  return { query, start: () => exec(query.command, { tty: query.tty }) };
}

function refuse(socket: Duplex, error: Error): void {
  const code = error instanceof RequestError ? error.statusCode : 400;
  const body = `${error.message}\n`;
  socket.end(
    `HTTP/1.1 ${code} ${STATUS_CODES[code] ?? ""}\r\nconnection: close\r\n` +
      `content-type: text/plain\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
}

import type { Kit } from "@kubehop/kit";
import { STATUS_CODES, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { Readable, type Duplex } from "node:stream";
import type { Logger } from "@kubehop/client";
import { fastify, type FastifyInstance } from "fastify";
import type { MirrorPods } from "../mirror/mirror-pods.ts";
import type { PodDirectories } from "../pod-files.ts";
import type { Runtime } from "../runtime/runtime.ts";
import type { PodWatch } from "../watches.ts";
import { attachTo } from "./attach.ts";
import { createExecServer, type ExecServer, parseAttachQuery, parseExecQuery } from "./exec.ts";
import { parseLogQuery } from "./log-query.ts";
import type { LogStore } from "./log-store.ts";
import { findExec, findLog, findSandbox, RequestError } from "./pod-requests.ts";
import { createPortDialer } from "./port-dialer.ts";
import { createPortForwardServer, parsePorts, type PortForwardServer } from "./port-forward.ts";

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
 * Serves what the API server asks a node for: GET /containerLogs/NS/POD/CONTAINER, WebSocket
 * /exec/NS/POD/CONTAINER and
 * /attach/NS/POD/CONTAINER, WebSocket /portForward/NS/POD, /pods, /metrics, /healthz; TLS with client certificates only. Rejects
 * when the address cannot be bound.
 */
export async function startKubeletServer(options: KubeletServerOptions): Promise<KubeletServer> {
  const { tls, host, port } = options;
  const https = { ...tls, requestCert: true, rejectUnauthorized: true };
  const app = fastify({ https, forceCloseConnections: true }) as unknown as FastifyInstance;
  addRoutes(app, options);
  const servers = { execs: createExecServer(), forwards: createPortForwardServer() };
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

interface Upgrade {
  readonly request: IncomingMessage;
  readonly socket: Duplex;
  readonly head: Buffer;
}

/** Who speaks on upgraded connections. */
interface UpgradeServers {
  readonly execs: ExecServer;
  readonly forwards: PortForwardServer;
}

function upgrade(options: KubeletServerOptions, servers: UpgradeServers, upgrade: Upgrade): void {
  const url = new URL(upgrade.request.url ?? "/", "https://kubelet");
  const [action, namespace = "", pod = "", container = ""] = url.pathname
    .slice(1)
    .split("/")
    .map(decodeURIComponent);
  if (action === "portForward" && pod !== "") {
    const dial = createPortDialer(options.runtime, findSandbox(options, { namespace, pod }));
    return servers.forwards.serve(upgrade, parsePorts(url.searchParams), dial);
  }
  if (container === "" || (action !== "exec" && action !== "attach")) {
    throw new RequestError(
      404,
      "only /exec/NAMESPACE/POD/CONTAINER, /attach/… and /portForward/NAMESPACE/POD can be upgraded",
    );
  }
  const path = { namespace, pod, container };
  const exec = findExec(options, path);
  if (action === "attach") {
    const query = parseAttachQuery(url.searchParams);
    return servers.execs.serve(upgrade, query, () => attachTo(findLog(options, path, false)));
  }
  const query = parseExecQuery(url.searchParams);
  const { tty } = query;
  servers.execs.serve(upgrade, query, () => exec(query.command, { tty }));
}

function refuse(socket: Duplex, error: Error): void {
  const code = error instanceof RequestError ? error.statusCode : 400;
  const body = `${error.message}\n`;
  socket.end(
    `HTTP/1.1 ${code} ${STATUS_CODES[code] ?? ""}\r\nconnection: close\r\n` +
      `content-type: text/plain\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
}

import type { FastifyInstance } from "fastify";
import { once } from "node:events";
import { createServer, type Server } from "node:https";
import type { ListenOptions as AddressOptions } from "node:net";
import type { TLSSocket } from "node:tls";
import type { UpgradeHandler } from "./routes/upgrade.ts";

/** What the server proves itself with, and whose client certificates it trusts; PEM. */
export interface TlsFiles {
  readonly cert: string;
  readonly key: string;
  readonly ca: string;
}

/** How to listen. */
export interface ListenerOptions {
  readonly app: FastifyInstance;
  readonly upgrade: UpgradeHandler;
  readonly tls: TlsFiles;
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** A listening socket that was handed in; served as well. */
  readonly fd?: number;
  /** How long a client may take to send its TLS hello, then its request's head, ms. */
  readonly headersTimeoutMs?: number;
}

/** A server that listens; disposing it lets requests finish and ends the rest after a deadline. */
export interface Listener extends AsyncDisposable {
  /** The bound port. */
  readonly port: number;
}

const HEADERS_TIMEOUT_MS = 10_000;
/** How long a request's body may take. */
const REQUEST_TIMEOUT_MS = 60_000;
/** Longer than client-go keeps an idle connection (90 s), so that it never meets a closed one. */
const KEEP_ALIVE_MS = 120_000;
const CLOSE_DEADLINE_MS = 5_000;
const CLOSE_POLL_MS = 50;

/** Serves an application over TLS. Rejects when the address can't be bound. */
export async function listen(options: ListenerOptions): Promise<Listener> {
  await options.app.ready();
  const { host, port, fd } = options;
  await using opened = new AsyncDisposableStack();
  const main = opened.use(await open(options, { host, port }));
  if (fd !== undefined) opened.use(await open(options, { fd }));
  const all = opened.move();
  return { port: main.port, [Symbol.asyncDispose]: () => all.disposeAsync() };
}

async function open(
  options: ListenerOptions,
  where: AddressOptions | { readonly fd: number },
): Promise<Listener> {
  const { app, tls, upgrade, headersTimeoutMs = HEADERS_TIMEOUT_MS } = options;
  const server = createServer(
    {
      ...tls,
      requestCert: true,
      rejectUnauthorized: false,
      minVersion: "TLSv1.2",
      handshakeTimeout: headersTimeoutMs,
      headersTimeout: headersTimeoutMs,
      requestTimeout: REQUEST_TIMEOUT_MS,
      keepAliveTimeout: KEEP_ALIVE_MS,
      connectionsCheckingInterval: Math.min(1_000, headersTimeoutMs),
    },
    (request, response) => app.routing(request, response),
  );
  server.on("upgrade", upgrade);
  const sockets = trackSockets(server);
  server.listen(where);
  await once(server, "listening");
  return {
    port: portOf(server),
    [Symbol.asyncDispose]: () => close(server, sockets),
  };
}

function trackSockets(server: Server): ReadonlySet<TLSSocket> {
  const sockets = new Set<TLSSocket>();
  server.on("secureConnection", (socket: TLSSocket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  return sockets;
}

function portOf(server: Server): number {
  const address = server.address();
  return typeof address === "object" && address !== null ? address.port : 0;
}

async function close(server: Server, sockets: ReadonlySet<TLSSocket>): Promise<void> {
  const closed = once(server, "close");
  server.close();
  const poll = setInterval(() => server.closeIdleConnections(), CLOSE_POLL_MS);
  const deadline = setTimeout(() => {
    server.closeAllConnections();
    for (const socket of sockets) socket.destroy();
  }, CLOSE_DEADLINE_MS);
  await closed;
  clearInterval(poll);
  clearTimeout(deadline);
}

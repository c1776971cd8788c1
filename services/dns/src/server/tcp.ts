import { once } from "node:events";
import { createServer as createPlainServer, type Server, type Socket } from "node:net";
import { createFrameReader, frameMessage } from "@kubehop/dns-wire";
import type { Logger } from "@kubehop/kit";
import { type DnsListener, GRACE_MS, type ListenOptions } from "./udp.ts";
import type { Answer, Responder } from "./responder.ts";
import { createTlsServer, type TlsSettings } from "./tls.ts";

/** Times a connection may take, in ms (CoreDNS' defaults). */
export interface TcpTimeouts {
  /** For the first query to be complete. */
  readonly readMs: number;
  /** For each further query to be complete. */
  readonly idleMs: number;
  /** For the client to take an answer. */
  readonly writeMs: number;
  /** Queries of one connection before it is closed; Infinity for any number. */
  readonly maxQueries: number;
}

/** CoreDNS' defaults (core/dnsserver/server.go). */
export const TCP_TIMEOUTS: TcpTimeouts = {
  readMs: 3_000,
  idleMs: 10_000,
  writeMs: 5_000,
  maxQueries: Number.POSITIVE_INFINITY,
};

/** Connections at the same time unless told otherwise; further ones are closed at once. */
const MAX_CONNECTIONS = 4_096;
/** Queries of one connection under way; until one is answered no more are read. */
const MAX_PIPELINED = 64;
/** Queries of one connection answered before others have their turn; a chunk may hold thousands. */
const MAX_AT_ONCE = 64;

/** How connections are treated. */
export interface TcpOptions extends ListenOptions {
  /** Asked for each connection, so that a reload changes it; CoreDNS' defaults when absent. */
  readonly timeouts?: () => TcpTimeouts;
  /** Speaks TLS with what this gives, asked for each connection; plain TCP when absent. */
  readonly tls?: (() => TlsSettings) | undefined;
  /** Connections at the same time; 4096 when absent. */
  readonly maxConnections?: number;
}

/** Listens on TCP. Rejects when the address cannot be bound. */
export async function listenTcp(options: TcpOptions): Promise<DnsListener> {
  const { host, port, respond, logger, timeouts = () => TCP_TIMEOUTS } = options;
  const connections = new Set<Connection>();
  const server = createServer(options, timeouts().readMs, (socket) => {
    const connection = serveConnection(socket, { respond, logger, timeouts: timeouts() });
    connections.add(connection);
    socket.once("close", () => connections.delete(connection));
  });
  server.maxConnections = options.maxConnections ?? MAX_CONNECTIONS;
  const ipv6Only = host.includes(":");
  server.listen({ host, port, ipv6Only, reusePort: options.shared === true });
  await once(server, "listening");
  server.on("error", (error) => logger.warn({ err: error }, "a TCP listener reported an error"));
  const address = server.address();
  return {
    port: typeof address === "object" && address !== null ? address.port : port,
    async [Symbol.asyncDispose]() {
      const closed = once(server, "close");
      server.close();
      for (const connection of connections) connection.finish();
      const timer = setTimeout(() => {
        for (const connection of connections) connection.destroy();
      }, GRACE_MS);
      await closed;
      clearTimeout(timer);
    },
  };
}

function createServer(
  { tls }: TcpOptions,
  handshakeMs: number,
  onConnection: (socket: Socket) => void,
): Server {
  if (tls === undefined) return createPlainServer({ noDelay: true }, onConnection);
  return createTlsServer(tls, { handshakeMs, onConnection });
}

interface Connection {
  /** Answers what was read and then closes. */
  finish(): void;
  destroy(): void;
}

interface ConnectionOptions {
  readonly respond: Responder;
  readonly logger: Logger;
  readonly timeouts: TcpTimeouts;
}

/**
 * Serves one connection (RFC 7766): queries may be pipelined and are answered as their answers
 * come. The deadline runs until a query is complete, so that single octets do not prolong it.
 */
function serveConnection(socket: Socket, options: ConnectionOptions): Connection {
  const { respond, logger, timeouts } = options;
  const reader = createFrameReader();
  const client = { ip: socket.remoteAddress ?? "", port: socket.remotePort ?? 0 };
  const backlog = createBacklog(() => pump());
  let inFlight = 0;
  let left = timeouts.maxQueries;
  let ending = false;
  let deadline = setTimeout(() => socket.destroy(), timeouts.readMs);
  const write = createWriter(socket, timeouts.writeMs);

  const settleOne = (): void => {
    inFlight--;
    pump();
  };
  const serveOne = (bytes: Buffer): void => {
    const answer = respond({ bytes, client, protocol: "tcp" });
    if (!(answer instanceof Promise)) return write(answer);
    inFlight++;
    answer
      .then(write)
      .catch((error: unknown) => logger.error({ err: error }, "an answer could not be sent"))
      .finally(settleOne);
  };
  const take = (): Buffer | undefined =>
    inFlight < MAX_PIPELINED && !socket.writableNeedDrain ? backlog.take() : undefined;
  const pump = (): void => {
    for (let next = take(); next !== undefined; next = take()) serveOne(next);
    if (!backlog.isEmpty()) socket.pause();
    else if (ending && inFlight === 0) socket.end();
    else socket.resume();
  };
  socket.on("data", (chunk) => {
    const frames = reader.push(chunk).slice(0, left);
    if (frames.length === 0) return;
    left -= frames.length;
    ending ||= left === 0;
    clearTimeout(deadline);
    deadline = setTimeout(() => socket.destroy(), timeouts.idleMs);
    backlog.add(frames);
    pump();
  });
  socket.on("drain", pump);
  socket.on("end", () => {
    ending = true;
    pump();
  });
  socket.on("error", () => socket.destroy());
  socket.on("close", () => clearTimeout(deadline));
  return {
    finish() {
      ending = true;
      pump();
    },
    destroy: () => socket.destroy(),
  };
}

/** Queries that were read and not answered yet. */
interface Backlog {
  add(queries: readonly Buffer[]): void;
  /** The next one; undefined when there is none, or others have their turn first. */
  take(): Buffer | undefined;
  isEmpty(): boolean;
}

/** Creates an empty one; `onTurn` is called when there may be something to take again. */
function createBacklog(onTurn: () => void): Backlog {
  const waiting: Buffer[] = [];
  let left = MAX_AT_ONCE;
  const renew = (): void => {
    left = MAX_AT_ONCE;
    onTurn();
  };
  return {
    add: (queries) => waiting.push(...queries),
    take() {
      if (left === 0 || waiting.length === 0) return undefined;
      if (--left === 0) setImmediate(renew);
      return waiting.shift();
    },
    isEmpty: () => waiting.length === 0,
  };
}

/** Writes answers; a client that takes none for `writeMs` loses its connection. */
function createWriter(socket: Socket, writeMs: number): (answer: Answer | undefined) => void {
  let stalled: NodeJS.Timeout | undefined;
  socket.on("drain", () => {
    clearTimeout(stalled);
    stalled = undefined;
  });
  socket.on("close", () => clearTimeout(stalled));
  return (answer) => {
    if (answer === undefined || !socket.writable) return;
    const messages = Buffer.isBuffer(answer) ? [answer] : answer;
    const [taken] = messages.map((bytes) => socket.write(frameMessage(bytes))).slice(-1);
    if (taken === false) stalled ??= setTimeout(() => socket.destroy(), writeMs);
  };
}

import { connect, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { createFrameReader, frameMessage, readHeader } from "@kubehop/dns-wire";
import type { Endpoint } from "../../query.ts";
import type { PoolOptions, UdpPool } from "./udp-pool.ts";

/** A connection and the query it waits for; one at a time, as CoreDNS uses them. */
interface Connection {
  readonly socket: Socket;
  pending: Pending | undefined;
  expires: NodeJS.Timeout | undefined;
}

interface Pending {
  readonly id: number;
  readonly resolve: (answer: Buffer) => void;
  readonly reject: (error: Error) => void;
}

/** Creates a pool of TCP connections; those without a query are kept for `expireMs`. */
export function createTcpPool(options: PoolOptions): UdpPool {
  const { upstream, timeoutMs, createId } = options;
  const idle: Connection[] = [];
  const all = new Set<Connection>();
  const open = (): Connection => {
    const connection = openConnection(options, () => {
      all.delete(connection);
      removeFrom(idle, connection);
    });
    all.add(connection);
    return connection;
  };
  const release = (connection: Connection): void => {
    connection.pending = undefined;
    if (connection.socket.destroyed) return;
    if (idle.length >= options.maxIdle) return void connection.socket.destroy();
    connection.expires = setTimeout(() => connection.socket.destroy(), options.expireMs).unref();
    idle.push(connection);
  };
  const exchangeOn = async (connection: Connection, query: Buffer): Promise<Buffer> => {
    clearTimeout(connection.expires);
    const id = createId();
    const bytes = frameMessage(query);
    bytes.writeUInt16BE(id, 2);
    const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
    connection.pending = { id, resolve, reject };
    const timer = setTimeout(() => {
      reject(timeout(connection.socket, upstream));
      connection.socket.destroy();
    }, timeoutMs);
    connection.socket.write(bytes);
    try {
      return await promise;
    } finally {
      clearTimeout(timer);
      release(connection);
    }
  };
  return {
    async exchange(query) {
      const kept = idle.shift();
      options.onSocket(kept !== undefined);
      if (kept === undefined) return exchangeOn(open(), query);
      try {
        return await exchangeOn(kept, query);
      } catch (error) {
        // The upstream may have closed a connection that was kept; a fresh one decides.
        if (!kept.socket.destroyed || isTimeout(error)) throw error;
        return exchangeOn(open(), query);
      }
    },
    async [Symbol.asyncDispose]() {
      for (const { socket } of all) socket.destroy(new Error("the forwarder is closed"));
    },
  };
}

function openConnection(options: PoolOptions, onClose: () => void): Connection {
  const { ip, port } = options.upstream;
  const socket = openSocket(options);
  const connection: Connection = { socket, pending: undefined, expires: undefined };
  const reader = createFrameReader();
  socket.on("data", (chunk) => {
    for (const bytes of reader.push(chunk)) {
      const { pending } = connection;
      if (pending !== undefined && bytes.length >= 12 && readHeader(bytes).id === pending.id) {
        pending.resolve(bytes);
      }
    }
  });
  socket.on("error", (error) => connection.pending?.reject(error));
  socket.on("close", () => {
    clearTimeout(connection.expires);
    onClose();
    connection.pending?.reject(new Error(`read tcp ${ip}:${port}: connection closed`));
  });
  return connection;
}

function openSocket({ upstream, tls, sourceAddress }: PoolOptions): Socket {
  const from = sourceAddress === undefined ? {} : { localAddress: sourceAddress };
  const place = { host: upstream.ip, port: upstream.port, noDelay: true, ...from };
  return tls === undefined ? connect(place) : connectTls({ ...place, ...tls });
}

function removeFrom(list: Connection[], connection: Connection): void {
  const index = list.indexOf(connection);
  if (index >= 0) list.splice(index, 1);
}

function isTimeout(error: unknown): boolean {
  return error instanceof Error && error.message.endsWith("i/o timeout");
}

function timeout({ localAddress, localPort }: Socket, { ip, port }: Endpoint): Error {
  return new Error(`read tcp ${localAddress ?? ""}:${localPort ?? 0}->${ip}:${port}: i/o timeout`);
}

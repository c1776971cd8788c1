import { createSocket, type Socket } from "node:dgram";
import type { ConnectionOptions } from "node:tls";
import { readHeader } from "@kubehop/dns-wire";
import type { Endpoint } from "../../query.ts";

/** Sends queries to one upstream over UDP and gives its answers. */
export interface UdpPool extends AsyncDisposable {
  /**
   * Sends a query; its id is replaced by a fresh one. Resolves with the first message that has
   * that id, rejects with `read udp …: i/o timeout` or the socket's error.
   */
  exchange(query: Buffer): Promise<Buffer>;
}

/** Where a pool sends to and for how long it waits. */
export interface PoolOptions {
  readonly upstream: Endpoint;
  readonly timeoutMs: number;
  readonly expireMs: number;
  /** Sockets without a query that are kept; more are closed. */
  readonly maxIdle: number;
  /** The address queries come from; the machine chooses when undefined. */
  readonly sourceAddress: string | undefined;
  /** Speaks TLS with these settings over TCP; undefined for plain TCP. */
  readonly tls: ConnectionOptions | undefined;
  /** Gives ids, 0..65535. */
  readonly createId: () => number;
  /** Told for each query whether a socket was at hand. */
  onSocket(cached: boolean): void;
}

interface Waiting {
  readonly resolve: (answer: Buffer) => void;
  readonly reject: (error: Error) => void;
}

interface Channel {
  readonly socket: Socket;
  readonly waiting: Map<number, Waiting>;
  expires: number;
}

/** Sockets to one upstream; beyond them queries share one, told apart by their id. */
const MAX_SOCKETS = 128;
const MIN_WATCH_MS = 100;

/** Creates a pool; sockets are opened when needed and closed after `expireMs` without use. */
export function createUdpPool(options: PoolOptions): UdpPool {
  const { upstream, timeoutMs, expireMs, createId } = options;
  const channels = new Set<Channel>();
  const watch = setInterval(() => closeExpired(channels), Math.max(expireMs / 2, MIN_WATCH_MS));
  watch.unref();
  const open = (): Channel => {
    const channel = openChannel(options, () => channels.delete(channel));
    channels.add(channel);
    return channel;
  };
  const take = (): Channel => {
    let least: Channel | undefined;
    for (const channel of channels) {
      if (least === undefined || channel.waiting.size < least.waiting.size) least = channel;
      if (channel.waiting.size === 0) break;
    }
    const idle = least?.waiting.size === 0;
    options.onSocket(idle);
    if (least === undefined || (!idle && channels.size < MAX_SOCKETS)) return open();
    return least;
  };
  return {
    exchange(query) {
      const channel = take();
      channel.expires = performance.now() + expireMs;
      const id = freeId(channel.waiting, createId);
      const bytes = Buffer.from(query);
      bytes.writeUInt16BE(id, 0);
      const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
      channel.waiting.set(id, { resolve, reject });
      const timer = setTimeout(() => reject(timeout(channel.socket, upstream)), timeoutMs);
      send(channel.socket, bytes, reject);
      return promise.finally(() => {
        clearTimeout(timer);
        channel.waiting.delete(id);
        if (channels.size > options.maxIdle && channel.waiting.size === 0) {
          channels.delete(channel);
          closeChannel(channel, new Error("more sockets than max_idle_conns"));
        }
      });
    },
    async [Symbol.asyncDispose]() {
      clearInterval(watch);
      for (const channel of channels) closeChannel(channel, new Error("the forwarder is closed"));
      channels.clear();
    },
  };
}

function openChannel({ upstream, sourceAddress }: PoolOptions, onClose: () => void): Channel {
  const { ip, port } = upstream;
  const socket = createSocket({
    type: ip.includes(":") ? "udp6" : "udp4",
    lookup: (address, _options, callback) => callback(null, address, 0),
  });
  const channel: Channel = { socket, waiting: new Map(), expires: Number.POSITIVE_INFINITY };
  socket.on("message", (bytes) => {
    if (bytes.length < 12) return;
    channel.waiting.get(readHeader(bytes).id)?.resolve(bytes);
  });
  socket.on("error", (error) => {
    onClose();
    closeChannel(channel, error);
  });
  if (sourceAddress !== undefined) socket.bind(0, sourceAddress);
  // A connected socket takes datagrams from the upstream only, and reports a refused port.
  socket.connect(port, ip);
  return channel;
}

/**
 * Sends on a connected socket. When connecting failed, say with ENETUNREACH, sending throws that
 * there is no port; the socket's own error comes in the next tick and tells the reason.
 */
function send(socket: Socket, bytes: Buffer, reject: (error: Error) => void): void {
  try {
    socket.send(bytes, (error) => {
      if (error !== null) reject(error);
    });
  } catch {
    // The socket's error event rejects.
  }
}

function closeChannel(channel: Channel, reason: Error): void {
  for (const { reject } of channel.waiting.values()) reject(reason);
  channel.waiting.clear();
  try {
    channel.socket.close();
  } catch {
    // It was closed already.
  }
}

function closeExpired(channels: Set<Channel>): void {
  const now = performance.now();
  for (const channel of channels) {
    if (channel.expires > now || channel.waiting.size > 0) continue;
    channels.delete(channel);
    closeChannel(channel, new Error("expired"));
  }
}

function freeId(waiting: ReadonlyMap<number, Waiting>, createId: () => number): number {
  let id = createId();
  while (waiting.has(id)) id = (id + 1) & 0xffff;
  return id;
}

/** Go's text for this error, which users search for. */
function timeout(socket: Socket, { ip, port }: Endpoint): Error {
  let local = "";
  try {
    const { address, port: own } = socket.address();
    local = `${address}:${own}`;
  } catch {
    // Not bound yet.
  }
  return new Error(`read udp ${local}->${ip}:${port}: i/o timeout`);
}

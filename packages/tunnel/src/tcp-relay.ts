import { once } from "node:events";
import { createServer, type Server, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import { FrameType } from "./frames.ts";
import { joinTcp } from "./tcp-join.ts";
import { DialError, dialThrough, type DialRequest } from "./tunnel.ts";

/** Where a relay listens and what it leads to. */
export interface RelayOptions {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** Opens a stream to the dialling side, a new one for each flow. */
  readonly open: () => Promise<Duplex>;
  /** What the far side reaches. */
  readonly target: DialRequest;
  /** How long a connection of the far side may take, in ms. */
  readonly dialTimeoutMs: number;
  /** A connection could not be made. */
  readonly onFailure?: (error: DialError) => void;
}

/** A listening port that leads elsewhere. Disposing it ends its connections. */
export interface Relay extends AsyncDisposable {
  readonly port: number;
}

/**
 * Listens on a TCP port; each connection is one of the far side. One that the far side cannot make
 * is reset, because the kernel has accepted it already. Rejects when the port is taken.
 */
export async function listenTcp(options: RelayOptions): Promise<Relay> {
  const sockets = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true, noDelay: true, pauseOnConnect: true });
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
    void relay(socket, options);
  });
  server.listen({ host: options.host, port: options.port });
  await once(server, "listening");
  return {
    port: portOf(server),
    async [Symbol.asyncDispose]() {
      const closed = once(server, "close");
      server.close();
      for (const socket of sockets) socket.resetAndDestroy();
      await closed;
    },
  };
}

/** Whether the far side can connect now; rejects with DialError when it cannot. */
export async function checkTcp(
  options: Pick<RelayOptions, "open" | "target" | "dialTimeoutMs">,
): Promise<void> {
  const tunnel = await dial(options);
  // As a kubelet's probe: connect and close, no reset.
  tunnel.send(FrameType.End);
  tunnel.stream.end();
}

async function relay(socket: Socket, options: RelayOptions): Promise<void> {
  const onError = (): void => undefined;
  socket.on("error", onError);
  try {
    const tunnel = await dial(options);
    if (socket.destroyed) tunnel.stream.destroy();
    else joinTcp(tunnel, socket);
  } catch (error) {
    if (!socket.destroyed) socket.resetAndDestroy();
    options.onFailure?.(error as DialError);
  }
}

async function dial({
  open,
  target,
  dialTimeoutMs,
}: Pick<RelayOptions, "open" | "target" | "dialTimeoutMs">): ReturnType<typeof dialThrough> {
  let stream: Duplex;
  try {
    stream = await open();
  } catch (error) {
    throw new DialError(target, (error as NodeJS.ErrnoException).code ?? String(error));
  }
  return dialThrough(stream, target, dialTimeoutMs);
}

function portOf(server: Server): number {
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("not a TCP socket");
  return address.port;
}

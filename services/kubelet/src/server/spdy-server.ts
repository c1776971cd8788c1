import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { RequestError } from "./pod-requests.ts";
import { createSpdySession, type SpdySession, type SpdyStream } from "./spdy-session.ts";

const PROTOCOL = "SPDY/3.1";
const VERSION_HEADER = "x-stream-protocol-version";

/** A connection whose client has asked for another protocol. */
export interface Upgrade {
  readonly request: IncomingMessage;
  readonly socket: Duplex;
  readonly head: Buffer;
}

/** A connection that speaks SPDY. */
export interface SpdyConnection {
  /** Sends what was written so far and closes. */
  end(): void;
  /** Calls back when it is gone, whoever ended it. */
  onClose(handler: () => void): void;
}

/** Takes upgrades to SPDY/3.1: what clients speak that know no WebSockets, or were refused one. */
export interface SpdyServer {
  /**
   * Accepts an upgrade and calls back with each stream the client opens. Throws RequestError 403
   * when the client offers none of the protocols.
   */
  accept(
    upgrade: Upgrade,
    protocols: readonly string[],
    onStream: (stream: SpdyStream) => void,
  ): SpdyConnection;
  /** Ends every connection. */
  close(): void;
}

/** Whether a request asks for SPDY. */
export function asksForSpdy({ headers }: Pick<IncomingMessage, "headers">): boolean {
  return headers.upgrade?.toLowerCase() === PROTOCOL.toLowerCase();
}

/** Creates a server without connections. */
export function createSpdyServer(): SpdyServer {
  const sockets = new Set<Duplex>();
  return {
    accept({ request, socket, head }, protocols, onStream) {
      const chosen = negotiate(request, protocols);
      sockets.add(socket);
      socket.once("close", () => sockets.delete(socket));
      socket.write(
        "HTTP/1.1 101 Switching Protocols\r\n" +
          `Connection: Upgrade\r\nUpgrade: ${PROTOCOL}\r\nX-Stream-Protocol-Version: ${chosen}\r\n\r\n`,
      );
      const session = createSpdySession({ send: (bytes) => send(socket, bytes), onStream });
      void receive(socket, head, session);
      return {
        end: () => void socket.end(),
        onClose: (handler) => void socket.once("close", handler),
      };
    },
    close() {
      for (const socket of sockets) socket.destroy();
    },
  };
}

/** The first protocol of the client's that is known here (apimachinery's httpstream.Handshake). */
function negotiate({ headers }: IncomingMessage, known: readonly string[]): string {
  const offered = [headers[VERSION_HEADER] ?? []]
    .flat()
    .flatMap((line) => line.split(","))
    .map((name) => name.trim());
  const chosen = offered.find((name) => known.includes(name));
  if (chosen !== undefined) return chosen;
  throw new RequestError(
    403,
    "unable to upgrade: unable to negotiate protocol: " +
      `client supports [${offered.join(" ")}], server accepts [${known.join(" ")}]`,
  );
}

async function receive(socket: Duplex, head: Buffer, session: SpdySession): Promise<void> {
  try {
    await session.receive(head);
    for await (const bytes of socket) await session.receive(bytes as Buffer);
  } catch {
    // Broken, or not SPDY: what there was of it ends below.
  } finally {
    session.close();
    socket.destroy();
  }
}

/** Writes bytes; resolves when the client can take more. */
function send(socket: Duplex, bytes: Buffer): Promise<void> {
  if (socket.destroyed) return Promise.reject(new Error("the client has gone"));
  if (socket.write(bytes)) return Promise.resolve();
  return new Promise((resolve, reject) => {
    const done = (): void => {
      socket.off("drain", done).off("close", done);
      if (socket.destroyed) reject(new Error("the client has gone"));
      else resolve();
    };
    socket.once("drain", done).once("close", done);
  });
}

import type { Duplex } from "node:stream";
import { type Frame, FrameType, readFrames, writeFrame } from "./frames.ts";

/** What a tunnel is to reach. */
export interface DialRequest {
  readonly protocol: "TCP" | "UDP";
  /** An IP address, or a name for the resolver of the server's machine. */
  readonly host: string;
  readonly port: number;
}

/** A connection on the far side could not be made; `code` says why, e.g. ECONNREFUSED. */
export class DialError extends Error {
  override readonly name = "DialError";
  readonly code: string;

  constructor({ protocol, host, port }: DialRequest, code: string) {
    super(`dial ${protocol.toLowerCase()} ${host}:${port}: ${code}`);
    this.code = code;
  }
}

/** One flow through a stream of frames, the same seen from either end. */
export interface Tunnel {
  readonly stream: Duplex;
  /** Sends a frame; false when the stream wants no more until its next "drain". */
  send(type: number, payload?: Buffer): boolean;
  /** Takes the frames that come from now on, those that were kept first; undefined keeps them. */
  onFrame(take: ((frame: Frame) => void) | undefined): void;
  /** Once, when the stream is gone, for whatever reason. */
  onClose(done: () => void): void;
}

/** Makes a tunnel of a stream that stands. */
export function createTunnel(stream: Duplex): Tunnel {
  const kept: Frame[] = [];
  let take: ((frame: Frame) => void) | undefined;
  stream.on("error", () => stream.destroy());
  // A side that is through with its stream closes all of it: halves end by frames.
  stream.on("end", () => stream.destroy());
  const deliver = (): void => {
    // Whoever takes a frame may say that the next one is for another.
    for (let frame = kept.shift(); frame !== undefined; frame = kept.shift()) {
      if (take === undefined) return void kept.unshift(frame);
      take(frame);
    }
  };
  readFrames(stream, (frame) => {
    kept.push(frame);
    deliver();
  });
  return {
    stream,
    send: (type, payload) => !stream.destroyed && writeFrame(stream, type, payload),
    onFrame(next) {
      take = next;
      deliver();
    },
    onClose(done) {
      if (stream.destroyed) done();
      else stream.once("close", done);
    },
  };
}

/**
 * Asks the far side of a stream for a connection. Rejects with DialError when it cannot be made or
 * no answer came in time; the stream is then destroyed.
 */
export async function dialThrough(
  stream: Duplex,
  request: DialRequest,
  timeoutMs: number,
): Promise<Tunnel> {
  const tunnel = createTunnel(stream);
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const timer = setTimeout(() => reject(new DialError(request, "ETIMEDOUT")), timeoutMs);
  tunnel.onClose(() => reject(new DialError(request, "ECONNRESET")));
  tunnel.onFrame(({ type, payload }) => {
    // What follows waits for the one who takes the tunnel.
    tunnel.onFrame(undefined);
    if (type === FrameType.Connected) resolve();
    else reject(new DialError(request, payload.toString("utf8") || "EPROTO"));
  });
  tunnel.send(FrameType.Dial, Buffer.from(JSON.stringify(request)));
  try {
    await promise;
    return tunnel;
  } catch (error) {
    stream.destroy();
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

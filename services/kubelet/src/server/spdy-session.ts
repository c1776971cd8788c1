import { Duplex } from "node:stream";
import { callbackify } from "node:util";
import { constants, createDeflate, createInflate, type Deflate, type Inflate } from "node:zlib";
import { SPDY_DICTIONARY } from "./spdy-dictionary.ts";
import {
  controlFrame,
  createFrameReader,
  dataFrame,
  FLAG_FIN,
  PING,
  readHeaders,
  RST_STREAM,
  type SpdyFrame,
  SYN_REPLY,
  SYN_STREAM,
} from "./spdy-frames.ts";

/** A stream the client has opened. */
export interface SpdyStream {
  readonly headers: ReadonlyMap<string, string>;
  /** What goes to and comes from the client; each side ends by itself. */
  readonly bytes: Duplex;
}

/** The server's end of a SPDY/3.1 connection, over whatever carries its bytes. */
export interface SpdySession {
  /** Takes bytes from the client; resolves when they are dealt with. */
  receive(bytes: Buffer): Promise<void>;
  /** The connection is gone: every stream ends. */
  close(): void;
}

/** Where a session's bytes and streams go. */
export interface SpdySessionOptions {
  /** Sends bytes; resolves when the client can take more. */
  send(bytes: Buffer): Promise<void>;
  onStream(stream: SpdyStream): void;
}

/** Streams a client may have open at a time; a forwarded connection takes two. */
const STREAM_LIMIT = 2_000;

/**
 * Speaks as much of SPDY/3.1 as Kubernetes' port forwarding does: streams that the client opens,
 * their data and ends, pings; no flow control (neither side of Kubernetes enforces it).
 */
export function createSpdySession({ send, onStream }: SpdySessionOptions): SpdySession {
  const readFrames = createFrameReader();
  const inflate = createInflate({
    dictionary: SPDY_DICTIONARY,
    finishFlush: constants.Z_SYNC_FLUSH,
  });
  const deflate = createDeflate({ dictionary: SPDY_DICTIONARY });
  const streams = new Map<number, Duplex>();

  const open = async (frame: Buffer): Promise<void> => {
    const id = frame.readUInt32BE(0) & 0x7fffffff;
    const headers = readHeaders(await transform(inflate, frame.subarray(10)));
    if (streams.size >= STREAM_LIMIT) return send(resetOf(id));
    const reply = Buffer.alloc(4);
    reply.writeUInt32BE(id);
    const none = await transform(deflate, Buffer.alloc(4));
    await send(controlFrame(SYN_REPLY, Buffer.concat([reply, none])));
    const bytes = streamOf(id, send);
    streams.set(id, bytes);
    bytes.once("close", () => streams.delete(id));
    onStream({ headers, bytes });
  };
  const handle = async (frame: SpdyFrame): Promise<void> => {
    if (frame.kind === "data") return receiveData(streams, frame);
    const { type, bytes, flags } = frame;
    if (type === SYN_STREAM) {
      await open(bytes);
      if ((flags & FLAG_FIN) !== 0) streams.get(bytes.readUInt32BE(0) & 0x7fffffff)?.push(null);
    } else if (type === RST_STREAM) {
      streams.get(bytes.readUInt32BE(0) & 0x7fffffff)?.destroy();
    } else if (type === PING) await send(controlFrame(PING, bytes));
  };
  return {
    async receive(bytes) {
      for (const frame of readFrames(bytes)) await handle(frame);
    },
    close() {
      for (const stream of streams.values()) stream.destroy();
      inflate.destroy();
      deflate.destroy();
    },
  };
}

async function receiveData(
  streams: ReadonlyMap<number, Duplex>,
  { stream: id, bytes, fin }: SpdyFrame & { readonly kind: "data" },
): Promise<void> {
  const stream = streams.get(id);
  if (stream === undefined || stream.destroyed) return;
  // A stream that is full holds up its connection: there is no other way to slow the client down.
  if (bytes.length > 0 && !stream.push(Buffer.from(bytes))) await drained(stream);
  if (fin) stream.push(null);
}

/** Resolves when the stream's reader wants more, or has gone. */
function drained(stream: Duplex): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      stream.off("wanted", done).off("close", done);
      resolve();
    };
    stream.once("wanted", done).once("close", done);
  });
}

function streamOf(id: number, send: SpdySessionOptions["send"]): Duplex {
  const sendThen = callbackify(send);
  const stream = new Duplex({
    allowHalfOpen: true,
    read() {
      this.emit("wanted");
    },
    write: (bytes: Buffer, _encoding, done) => sendThen(dataFrame(id, bytes), done),
    final: (done) => sendThen(dataFrame(id, Buffer.alloc(0), true), done),
  });
  stream.on("error", () => stream.destroy());
  return stream;
}

function resetOf(id: number): Buffer {
  const REFUSED_STREAM = 3;
  const payload = Buffer.alloc(8);
  payload.writeUInt32BE(id, 0);
  payload.writeUInt32BE(REFUSED_STREAM, 4);
  return controlFrame(RST_STREAM, payload);
}

/** Runs a piece of a header block through the direction's one zlib stream. */
async function transform(zlib: Deflate | Inflate, bytes: Buffer): Promise<Buffer> {
  const parts: Buffer[] = [];
  const collect = (part: Buffer): number => parts.push(part);
  zlib.on("data", collect);
  try {
    await new Promise<void>((resolve, reject) => {
      zlib.once("error", reject);
      zlib.write(bytes, () => {
        zlib.flush(constants.Z_SYNC_FLUSH, () => {
          zlib.off("error", reject);
          resolve();
        });
      });
    });
  } finally {
    zlib.off("data", collect);
  }
  return Buffer.concat(parts);
}

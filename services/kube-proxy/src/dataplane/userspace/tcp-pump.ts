import type { OnReadOpts, Socket } from "node:net";
import type { ReadBuffers } from "./read-buffers.ts";

/** A read of at least so many bytes is taken for a stream that deserves a buffer of its own. */
const STREAM_BYTES = 32 * 1024;

/** One direction of a forwarded connection: moves bytes from a source to a sink. */
export interface TcpPump {
  /** Hand this to the source when it is created: its reads then bypass the stream machinery. */
  readonly onread: OnReadOpts;
  /** Bytes read so far. */
  bytes(): number;
  /**
   * Moves what the source reads to the sink from now on. The source's end becomes the sink's (half
   * close); a sink that does not keep up pauses the source, so that at most one read and the
   * sink's high-water mark are held in memory. `reads` says that the source was created without
   * `onread` and emits its data.
   */
  connect(source: Socket, sink: Socket, reads: "onread" | "data"): void;
}

/** Creates a pump; `count` is told the size of each read. */
export function createTcpPump(buffers: ReadBuffers, count: (bytes: number) => void): TcpPump {
  let sink: Socket | undefined;
  let own: Buffer | undefined;
  let bytes = 0;

  /** Writes bytes that lie in the shared buffer; true when the source may go on. */
  function writeCopy(length: number, buffer: Buffer): boolean {
    const copy = Buffer.allocUnsafe(length);
    buffer.copy(copy, 0, 0, length);
    if (length >= STREAM_BYTES) own = buffers.borrow();
    return sink?.write(copy) ?? false;
  }

  /** Writes bytes that lie in the pump's own buffer and finds a buffer for the next read. */
  function writeOwn(length: number, buffer: Buffer): boolean {
    let lent = false;
    const chunk = length === buffer.length ? buffer : buffer.subarray(0, length);
    const proceed = sink?.write(chunk, () => void (lent && buffers.giveBack(buffer))) ?? false;
    lent = (sink?.writableLength ?? 0) > 0;
    if (lent) own = length >= STREAM_BYTES ? buffers.borrow() : undefined;
    else if (length < STREAM_BYTES) releaseOwn();
    return proceed;
  }

  function releaseOwn(): void {
    if (own !== undefined) buffers.giveBack(own);
    own = undefined;
  }

  function onBytes(length: number): boolean {
    bytes += length;
    count(length);
    return sink !== undefined && !sink.destroyed;
  }

  return {
    onread: {
      buffer: () => own ?? buffers.shared,
      callback(length, memory) {
        const buffer = memory as Buffer;
        if (!onBytes(length)) return false;
        return buffer === own ? writeOwn(length, buffer) : writeCopy(length, buffer);
      },
    },
    bytes: () => bytes,
    connect(source, target, reads) {
      sink = target;
      if (reads === "data") {
        source.on("data", (chunk) => {
          if (!onBytes(chunk.length) || !target.write(chunk)) source.pause();
        });
      }
      target.on("drain", () => source.resume());
      source.on("end", () => target.end());
      source.on("close", releaseOwn);
    },
  };
}

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
  return new Pump(buffers, count);
}

class Pump implements TcpPump {
  readonly onread: OnReadOpts;
  readonly #buffers: ReadBuffers;
  readonly #count: (bytes: number) => void;
  #source: Socket | undefined;
  #sink: Socket | undefined;
  /** Lent to this pump while its source streams. */
  #own: Buffer | undefined;
  #bytes = 0;

  constructor(buffers: ReadBuffers, count: (bytes: number) => void) {
    this.#buffers = buffers;
    this.#count = count;
    this.onread = {
      buffer: () => this.#own ?? buffers.shared,
      callback: (length, memory) => this.#onBytes(length) && this.#write(length, memory as Buffer),
    };
  }

  bytes(): number {
    return this.#bytes;
  }

  connect(source: Socket, sink: Socket, reads: "onread" | "data"): void {
    this.#source = source;
    this.#sink = sink;
    if (reads === "data") {
      source.on("data", (chunk) => {
        if (!this.#onBytes(chunk.length) || !sink.write(chunk)) source.pause();
      });
    } else {
      source.on("close", () => this.#releaseOwn());
    }
    sink.on("drain", () => source.resume());
    source.on("end", () => endSink(sink));
  }

  /** True when the bytes can go on. */
  #onBytes(length: number): boolean {
    this.#bytes += length;
    this.#count(length);
    return this.#sink !== undefined && !this.#sink.destroyed;
  }

  /** True when the source may go on. */
  #write(length: number, buffer: Buffer): boolean {
    if (buffer === this.#own) return this.#writeOwn(length, buffer);
    const copy = Buffer.allocUnsafe(length);
    buffer.copy(copy, 0, 0, length);
    if (length >= STREAM_BYTES) this.#own = this.#buffers.borrow();
    return this.#sink?.write(copy) ?? false;
  }

  /** Nothing is read while the kernel has not taken all: the write still points at the buffer. */
  #writeOwn(length: number, buffer: Buffer): boolean {
    const sink = this.#sink;
    const chunk = length === buffer.length ? buffer : buffer.subarray(0, length);
    sink?.write(chunk, () => sink.writableLength === 0 && this.#source?.resume());
    const taken = sink?.writableLength === 0;
    if (taken && length < STREAM_BYTES) this.#releaseOwn();
    return taken;
  }

  /** Never while a write is pending, unless both sockets were reset: that ends it. */
  #releaseOwn(): void {
    if (this.#own !== undefined) this.#buffers.giveBack(this.#own);
    this.#own = undefined;
  }
}

/** When the sink has ended as well and owes nothing, closing it sends the same end for less. */
function endSink(sink: Socket): void {
  if (sink.readableEnded && sink.writableLength === 0) sink.destroy();
  else sink.end();
}

import type { Duplex } from "node:stream";

/** What a frame of a tunnel says. */
export const FrameType = {
  /** First from the client: a DialRequest as JSON. */
  Dial: 1,
  /** The server's answer: the target is connected. */
  Connected: 2,
  /** The server's answer: it is not; the payload is an error code such as ECONNREFUSED. */
  Failed: 3,
  /** Bytes of a TCP stream, or one whole datagram. */
  Data: 4,
  /** The sender's half of the stream is at its end (FIN). */
  End: 5,
  /** The connection was reset (RST). */
  Reset: 6,
} as const;

/** One frame. */
export interface Frame {
  readonly type: number;
  readonly payload: Buffer;
}

/** Type in one byte, length of the payload in three. */
const HEADER_BYTES = 4;
const MOST_PAYLOAD_BYTES = 1 << 20;
const EMPTY = Buffer.alloc(0);

/** Writes a frame to a stream; false when the stream wants no more for now. */
export function writeFrame(stream: Duplex, type: number, payload: Buffer = EMPTY): boolean {
  const header = Buffer.allocUnsafe(HEADER_BYTES);
  header.writeUInt8(type);
  header.writeUIntBE(payload.length, 1, HEADER_BYTES - 1);
  if (payload.length === 0) return stream.write(header);
  stream.cork();
  stream.write(header);
  const wantsMore = stream.write(payload);
  stream.uncork();
  return wantsMore;
}

/**
 * Calls back for each frame that a stream brings, in order. A frame longer than a mebibyte is no
 * frame of ours: the stream is destroyed.
 */
export function readFrames(stream: Duplex, onFrame: (frame: Frame) => void): void {
  let held: Buffer = EMPTY;
  stream.on("data", (chunk: Buffer) => {
    held = held.length === 0 ? chunk : Buffer.concat([held, chunk]);
    while (held.length >= HEADER_BYTES) {
      const length = held.readUIntBE(1, HEADER_BYTES - 1);
      if (length > MOST_PAYLOAD_BYTES) {
        stream.destroy(new Error(`a frame of ${length} bytes is longer than any of ours`));
        return;
      }
      if (held.length < HEADER_BYTES + length) return;
      const frame = {
        type: held.readUInt8(),
        payload: held.subarray(HEADER_BYTES, HEADER_BYTES + length),
      };
      held = held.subarray(HEADER_BYTES + length);
      onFrame(frame);
    }
  });
}

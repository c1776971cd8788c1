/** A frame of SPDY/3.1, as it stands on the wire. */
export type SpdyFrame =
  | {
      readonly kind: "data";
      readonly stream: number;
      readonly fin: boolean;
      readonly bytes: Buffer;
    }
  | {
      readonly kind: "control";
      readonly type: number;
      readonly flags: number;
      readonly bytes: Buffer;
    };

/** Types of control frames that are used. */
export const SYN_STREAM = 1;
/** Answers SYN_STREAM. */
export const SYN_REPLY = 2;
/** Ends a stream at once. */
export const RST_STREAM = 3;
/** Must come back as it is. */
export const PING = 6;

/** Flag of the last frame one side sends on a stream. */
export const FLAG_FIN = 1;

const VERSION = 0x8003;
const HEAD_BYTES = 8;
/** Largest frame taken, bytes: kubectl sends at most 32 KiB at a time. */
const FRAME_LIMIT = 1_048_576;

/** Cuts a stream of bytes into frames. Throws when a frame is too large. */
export function createFrameReader(): (bytes: Buffer) => SpdyFrame[] {
  let rest: Buffer = Buffer.alloc(0);
  return (bytes) => {
    rest = rest.length === 0 ? bytes : Buffer.concat([rest, bytes]);
    const frames: SpdyFrame[] = [];
    while (rest.length >= HEAD_BYTES) {
      const length = rest.readUIntBE(5, 3);
      if (length > FRAME_LIMIT) throw new Error(`a SPDY frame of ${length} bytes is too large`);
      if (rest.length < HEAD_BYTES + length) break;
      frames.push(readFrame(rest.subarray(0, HEAD_BYTES + length)));
      rest = rest.subarray(HEAD_BYTES + length);
    }
    return frames;
  };
}

/** A control frame as bytes. */
export function controlFrame(type: number, payload: Buffer): Buffer {
  const head = Buffer.alloc(HEAD_BYTES);
  head.writeUInt16BE(VERSION, 0);
  head.writeUInt16BE(type, 2);
  head.writeUIntBE(payload.length, 5, 3);
  return Buffer.concat([head, payload]);
}

/** A data frame as bytes. */
export function dataFrame(stream: number, bytes: Buffer, fin = false): Buffer {
  const head = Buffer.alloc(HEAD_BYTES);
  head.writeUInt32BE(stream, 0);
  head.writeUInt8(fin ? FLAG_FIN : 0, 4);
  head.writeUIntBE(bytes.length, 5, 3);
  return Buffer.concat([head, bytes]);
}

/** The header lines in a block that was unpacked; throws when it is cut short. */
export function readHeaders(block: Buffer): ReadonlyMap<string, string> {
  const headers = new Map<string, string>();
  let offset = 0;
  const text = (): string => {
    const length = block.readUInt32BE(offset);
    offset += 4 + length;
    if (offset > block.length) throw new Error("a SPDY header block is cut short");
    return block.toString("latin1", offset - length, offset);
  };
  const count = block.readUInt32BE(0);
  offset = 4;
  for (let left = count; left > 0; left -= 1) headers.set(text().toLowerCase(), text());
  return headers;
}

function readFrame(frame: Buffer): SpdyFrame {
  const first = frame.readUInt32BE(0);
  const flags = frame.readUInt8(4);
  const bytes = frame.subarray(HEAD_BYTES);
  if (first >>> 31 === 0)
    return { kind: "data", stream: first, fin: (flags & FLAG_FIN) !== 0, bytes };
  return { kind: "control", type: first & 0xffff, flags, bytes };
}

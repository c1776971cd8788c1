import { FormatError } from "./format-error.ts";

/** Octets of the length that stands before each message on a stream (RFC 1035 §4.2.2). */
const PREFIX_OCTETS = 2;

/** Cuts a byte stream into messages. */
export interface FrameReader {
  /** Takes the next bytes and gives the messages they complete, in order. */
  push(chunk: Buffer): Buffer[];
  /** Octets held of a message that is not complete; at most 65537 plus one chunk. */
  pending(): number;
}

/** Creates a reader for one connection; it holds no more than the message that is arriving. */
export function createFrameReader(): FrameReader {
  let held: Buffer[] = [];
  let octets = 0;
  return {
    push(chunk) {
      held.push(chunk);
      octets += chunk.length;
      if (octets < neededOctets(held)) return [];
      const frames: Buffer[] = [];
      const rest = cutFrames(held.length === 1 ? chunk : Buffer.concat(held, octets), frames);
      held = rest.length === 0 ? [] : [rest];
      octets = rest.length;
      return frames;
    },
    pending: () => octets,
  };
}

/** Octets until the first message is complete, so that slow senders cost no repeated copying. */
function neededOctets(held: readonly Buffer[]): number {
  const first = held[0] as Buffer;
  if (first.length >= PREFIX_OCTETS) return PREFIX_OCTETS + first.readUInt16BE(0);
  return PREFIX_OCTETS;
}

function cutFrames(bytes: Buffer, frames: Buffer[]): Buffer {
  let start = 0;
  while (bytes.length - start >= PREFIX_OCTETS) {
    const stop = start + PREFIX_OCTETS + bytes.readUInt16BE(start);
    if (stop > bytes.length) break;
    frames.push(bytes.subarray(start + PREFIX_OCTETS, stop));
    start = stop;
  }
  return bytes.subarray(start);
}

/** The message with its length before it, as it goes onto a stream. */
export function frameMessage(message: Buffer): Buffer {
  if (message.length > 0xffff) throw new FormatError("the message exceeds 65535 octets");
  const framed = Buffer.allocUnsafe(PREFIX_OCTETS + message.length);
  framed.writeUInt16BE(message.length, 0);
  framed.set(message, PREFIX_OCTETS);
  return framed;
}

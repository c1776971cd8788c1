import { FormatError } from "./format-error.ts";

/** Octets of a message's header. */
export const HEADER_OCTETS = 12;

/** The header of a message (RFC 1035 §4.1.1). */
export interface Header {
  readonly id: number;
  /** Bits of `Flag`. */
  readonly flags: number;
  readonly opcode: number;
  /** The lower four bits of the response code. */
  readonly rcode: number;
  readonly questions: number;
  readonly answers: number;
  readonly authorities: number;
  readonly additionals: number;
}

/** Everything of the header's second word that is neither opcode nor response code. */
const FLAG_BITS = 0x87f0;

/** Reads the header. Throws FormatError when there are fewer than 12 octets. */
export function readHeader(buffer: Buffer): Header {
  if (buffer.length < HEADER_OCTETS) {
    throw new FormatError(`a message has at least 12 octets, this one ${buffer.length}`);
  }
  const word = buffer.readUInt16BE(2);
  return {
    id: buffer.readUInt16BE(0),
    flags: word & FLAG_BITS,
    opcode: (word >> 11) & 0xf,
    rcode: word & 0xf,
    questions: buffer.readUInt16BE(4),
    answers: buffer.readUInt16BE(6),
    authorities: buffer.readUInt16BE(8),
    additionals: buffer.readUInt16BE(10),
  };
}

/** Writes id, flags, opcode and response code; the counts are written when they are known. */
export function writeHeader(
  buffer: Buffer,
  header: Pick<Header, "id" | "flags" | "opcode" | "rcode">,
): void {
  buffer.writeUInt16BE(header.id, 0);
  const word = (header.flags & FLAG_BITS) | ((header.opcode & 0xf) << 11) | (header.rcode & 0xf);
  buffer.writeUInt16BE(word, 2);
}

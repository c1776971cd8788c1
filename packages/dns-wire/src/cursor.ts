import { FormatError } from "./format-error.ts";

/** A place in a message that reading moves forward. */
export interface Cursor {
  readonly buffer: Buffer;
  offset: number;
  /** One past the last octet that may be read. */
  readonly end: number;
}

/** Reads an unsigned 16-bit number. */
export function readUint16(cursor: Cursor): number {
  const { buffer, offset } = cursor;
  if (offset + 2 > cursor.end) throw truncated(offset);
  cursor.offset = offset + 2;
  return ((buffer[offset] as number) << 8) | (buffer[offset + 1] as number);
}

/** Reads an unsigned 32-bit number. */
export function readUint32(cursor: Cursor): number {
  const high = readUint16(cursor);
  return high * 0x1_0000 + readUint16(cursor);
}

/** Reads `length` octets as a copy. */
export function readBytes(cursor: Cursor, length: number): Buffer {
  const { offset } = cursor;
  if (offset + length > cursor.end) throw truncated(offset);
  cursor.offset = offset + length;
  return Buffer.from(cursor.buffer.subarray(offset, cursor.offset));
}

/** Reads a character string (RFC 1035 §3.3): a length octet and as many octets, as Latin-1. */
export function readCharacterString(cursor: Cursor): string {
  const { buffer, offset } = cursor;
  const start = offset + 1;
  if (offset >= cursor.end) throw truncated(offset);
  const stop = start + (buffer[offset] as number);
  if (stop > cursor.end) throw truncated(offset);
  cursor.offset = stop;
  return buffer.toString("latin1", start, stop);
}

function truncated(offset: number): FormatError {
  return new FormatError(`the message ends inside the field at octet ${offset}`);
}

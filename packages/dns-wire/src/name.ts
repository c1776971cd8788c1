import type { Cursor } from "./cursor.ts";
import { FormatError } from "./format-error.ts";

/**
 * A domain name as text: absolute, with its final dot, exactly the case of the wire; "." is the
 * root. Octets that would be taken for something else are escaped (RFC 1035 §5.1): `\.` is a dot
 * inside a label, `\007` the octet 7.
 */
export type Name = string;

/** Octets of the longest name on the wire (RFC 1035 §3.1). */
export const MAX_NAME_OCTETS = 255;
/** Octets of the longest label (RFC 1035 §3.1). */
export const MAX_LABEL_OCTETS = 63;
/** Pointers one name may need: every one leads to at least one label of two octets. */
const MAX_POINTERS = 126;

const DOT = 0x2e;
const BACKSLASH = 0x5c;
const text = Buffer.alloc(MAX_NAME_OCTETS * 4);

/**
 * Octets that are escaped by a backslash in text, as miekg/dns prints them; others outside
 * "!".."~" become `\DDD`.
 */
const SPECIAL: ReadonlySet<number> = new Set(Buffer.from(`. '@;()"\\`));
const PLAIN = Uint8Array.from({ length: 256 }, (_, octet) =>
  octet > 0x20 && octet < 0x7f && !SPECIAL.has(octet) ? 1 : 0,
);

/**
 * Reads a name, following compression pointers, which must point backwards. The cursor ends
 * behind the name's own octets. Bounded: 255 octets and 126 pointers, else FormatError.
 */
export function readName(cursor: Cursor): Name {
  const { buffer, end } = cursor;
  let offset = cursor.offset;
  let segment = offset;
  let resume = -1;
  let pointers = 0;
  let octets = 1;
  let length = 0;
  for (;;) {
    if (offset >= end) throw new FormatError(`the name at octet ${cursor.offset} has no end`);
    const label = buffer[offset] as number;
    if (label === 0) break;
    if (label > MAX_LABEL_OCTETS) {
      const target = pointerTarget(cursor, offset, segment);
      if (resume < 0) resume = offset + 2;
      if (++pointers > MAX_POINTERS) throw new FormatError("a name has too many pointers");
      offset = segment = target;
      continue;
    }
    octets += label + 1;
    if (octets > MAX_NAME_OCTETS) throw new FormatError("a name is longer than 255 octets");
    if (offset + 1 + label > end) throw new FormatError("a label reaches past the message's end");
    length = appendLabel(buffer, offset + 1, label, length);
    offset += label + 1;
  }
  cursor.offset = resume < 0 ? offset + 1 : resume;
  return length === 0 ? "." : text.toString("latin1", 0, length);
}

/** Where a pointer leads. Backwards only, so that a loop is impossible (RFC 1035 §4.1.4). */
function pointerTarget(cursor: Cursor, offset: number, segment: number): number {
  const first = cursor.buffer[offset] as number;
  if ((first & 0xc0) !== 0xc0) throw new FormatError(`label type ${first >> 6} does not exist`);
  if (offset + 1 >= cursor.end) throw new FormatError("a pointer reaches past the message's end");
  const target = ((first & 0x3f) << 8) | (cursor.buffer[offset + 1] as number);
  if (target >= segment) throw new FormatError("a name's pointer does not point backwards");
  return target;
}

function appendLabel(buffer: Buffer, start: number, size: number, length: number): number {
  let at = length;
  for (let index = start; index < start + size; index++) {
    const octet = buffer[index] as number;
    if (PLAIN[octet] === 1) text[at++] = octet;
    else at = appendEscaped(octet, at);
  }
  text[at++] = DOT;
  return at;
}

function appendEscaped(octet: number, length: number): number {
  let at = length;
  text[at++] = BACKSLASH;
  if (SPECIAL.has(octet)) {
    text[at++] = octet;
    return at;
  }
  at += text.write(String(octet).padStart(3, "0"), at, "latin1");
  return at;
}

/** Where names are written to; `names` holds offsets of suffixes when compressing. */
export interface NameTarget {
  readonly buffer: Buffer;
  offset: number;
  /** Offsets of the names written so far by their exact text; absent: no compression. */
  names: Map<string, number> | undefined;
}

/** Offsets from here on cannot be pointed at (14 bits, RFC 1035 §4.1.4). */
const POINTER_LIMIT = 0x4000;

/**
 * Writes a name. With `compress`, a suffix that was written before, in the same case, becomes a
 * pointer. Throws FormatError when a label or the name is too long or a label is empty.
 */
export function writeName(target: NameTarget, name: Name, compress: boolean): void {
  const names = target.names;
  if (names !== undefined && name !== ".") return writeCompressed(target, name, compress);
  writeLabels(target, name, 0, name.length);
  target.buffer[target.offset++] = 0;
}

function writeCompressed(target: NameTarget, name: Name, compress: boolean): void {
  const names = target.names as Map<string, number>;
  checkLength(name);
  let start = 0;
  while (start < name.length) {
    const suffix = start === 0 ? name : name.slice(start);
    const known = compress ? names.get(suffix) : undefined;
    if (known !== undefined) {
      target.offset = target.buffer.writeUInt16BE(0xc000 | known, target.offset);
      return;
    }
    if (target.offset < POINTER_LIMIT && !names.has(suffix)) names.set(suffix, target.offset);
    const stop = labelEnd(name, start);
    writeLabels(target, name, start, stop);
    start = stop;
  }
  target.buffer[target.offset++] = 0;
}

/** A pointer must not hide that the whole name would be too long. */
function checkLength(name: Name): void {
  if (name.length >= MAX_NAME_OCTETS && nameOctets(name) > MAX_NAME_OCTETS) {
    throw new FormatError("a name is longer than 255 octets");
  }
}

/** Index behind the dot that ends the label beginning at `start`. */
function labelEnd(name: Name, start: number): number {
  for (let index = start; index < name.length; index++) {
    const code = name.charCodeAt(index);
    if (code === BACKSLASH) index += isDigit(name.charCodeAt(index + 1)) ? 3 : 1;
    else if (code === DOT) return index + 1;
  }
  return name.length;
}

function writeLabels(target: NameTarget, name: Name, start: number, stop: number): void {
  if (name === ".") return;
  const { buffer } = target;
  const first = target.offset;
  let lengthAt = first;
  let at = first + 1;
  for (let index = start; index < stop; index++) {
    let code = name.charCodeAt(index);
    if (code === DOT) {
      closeLabel(buffer, lengthAt, at, name);
      lengthAt = at++;
      continue;
    }
    if (code === BACKSLASH) {
      const escape = readEscape(name, index);
      code = escape.code;
      index = escape.last;
    }
    if (code > 0xff) throw new FormatError(`"${name}" holds a character that is not an octet`);
    if (at - first >= MAX_NAME_OCTETS - 1)
      throw new FormatError(`"${name}" is longer than 255 octets`);
    buffer[at++] = code;
  }
  if (at !== lengthAt + 1) {
    closeLabel(buffer, lengthAt, at, name);
    lengthAt = at;
  }
  target.offset = lengthAt;
}

function closeLabel(buffer: Buffer, lengthAt: number, at: number, name: Name): void {
  const size = at - lengthAt - 1;
  if (size === 0) throw new FormatError(`"${name}" has an empty label`);
  if (size > MAX_LABEL_OCTETS) {
    throw new FormatError(`"${name}" has a label longer than 63 octets`);
  }
  buffer[lengthAt] = size;
}

function readEscape(name: Name, index: number): { code: number; last: number } {
  const next = name.charCodeAt(index + 1);
  if (Number.isNaN(next)) throw new FormatError(`"${name}" ends inside an escape`);
  if (!isDigit(next)) return { code: next, last: index + 1 };
  const digits = name.slice(index + 1, index + 4);
  if (!/^\d{3}$/.test(digits) || Number(digits) > 0xff) {
    throw new FormatError(`"${name}" holds the escape \\${digits}, which is not \\000..\\255`);
  }
  return { code: Number(digits), last: index + 3 };
}

function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39;
}

/** Octets a name needs uncompressed. */
export function nameOctets(name: Name): number {
  if (name === ".") return 1;
  let octets = name.endsWith(".") ? 1 : 2;
  for (let index = 0; index < name.length; index++) {
    if (name.charCodeAt(index) === BACKSLASH) {
      index += isDigit(name.charCodeAt(index + 1)) ? 3 : 1;
    }
    octets++;
  }
  return octets;
}

/** The labels of a name from left to right, still escaped; none for the root. */
export function splitName(name: Name): string[] {
  if (name === "." || name === "") return [];
  if (!name.includes("\\")) return (name.endsWith(".") ? name.slice(0, -1) : name).split(".");
  const labels: string[] = [];
  for (let start = 0; start < name.length;) {
    const stop = labelEnd(name, start);
    const closed = stop > start && name.charCodeAt(stop - 1) === DOT;
    labels.push(name.slice(start, closed ? stop - 1 : stop));
    start = stop;
  }
  return labels;
}

/** The name with a final dot, as all names here have it. */
export function toAbsolute(name: string): Name {
  return name.endsWith(".") ? name : `${name}.`;
}

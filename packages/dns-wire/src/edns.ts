import { type Cursor, readBytes, readUint16 } from "./cursor.ts";
import { FormatError } from "./format-error.ts";
import type { NameTarget } from "./name.ts";

/** One EDNS option; its data is passed on untouched. */
export interface EdnsOption {
  readonly code: number;
  readonly data: Uint8Array;
}

/** What the OPT pseudo-record of a message says (RFC 6891). */
export interface Edns {
  /** Largest UDP message the sender takes, in octets. */
  readonly udpSize: number;
  readonly version: number;
  /** The DO bit: DNSSEC records are wanted. */
  readonly dnssecOk: boolean;
  readonly options: readonly EdnsOption[];
}

/** Codes of the options a DNS server may answer with. */
export const EdnsOptionCode = {
  NSID: 3,
  EXPIRE: 9,
  COOKIE: 10,
  TCP_KEEPALIVE: 11,
  PADDING: 12,
} as const;

/** The EDNS version there is. */
export const EDNS_VERSION = 0;

/** EDNS data with the upper eight bits of the response code, which travel in it. */
export interface DecodedEdns extends Edns {
  readonly extendedRcode: number;
}

const DO_BIT = 0x8000;
const OPT_CODE = 41;
const NO_OPTIONS: readonly EdnsOption[] = [];

/** Reads an OPT record's class, TTL and RDATA; the cursor stands at its class. */
export function readEdns(cursor: Cursor): DecodedEdns {
  const udpSize = readUint16(cursor);
  const rcodeAndVersion = readUint16(cursor);
  const flags = readUint16(cursor);
  const length = readUint16(cursor);
  return {
    udpSize,
    version: rcodeAndVersion & 0xff,
    extendedRcode: rcodeAndVersion >> 8,
    dnssecOk: (flags & DO_BIT) !== 0,
    options: length === 0 ? NO_OPTIONS : readOptions(cursor, length),
  };
}

function readOptions(cursor: Cursor, length: number): EdnsOption[] {
  const stop = cursor.offset + length;
  const inside: Cursor = { ...cursor, end: Math.min(stop, cursor.end) };
  const options: EdnsOption[] = [];
  while (inside.offset < stop) {
    const code = readUint16(inside);
    options.push({ code, data: readBytes(inside, readUint16(inside)) });
  }
  cursor.offset = stop;
  return options;
}

/** Octets the OPT record of `edns` needs. */
export function ednsOctets(edns: Edns): number {
  return edns.options.reduce((octets, option) => octets + 4 + option.data.length, 11);
}

/** Writes an OPT record with the upper bits of `rcode`. */
export function writeEdns(target: NameTarget, edns: Edns, rcode: number): void {
  const { buffer } = target;
  const octets = ednsOctets(edns);
  if (octets - 11 > 0xffff || target.offset + octets > buffer.length) {
    throw new FormatError("the EDNS options exceed the message");
  }
  let at = target.offset;
  buffer[at++] = 0;
  at = buffer.writeUInt16BE(OPT_CODE, at);
  at = buffer.writeUInt16BE(edns.udpSize & 0xffff, at);
  buffer[at++] = rcode >> 4;
  buffer[at++] = edns.version;
  at = buffer.writeUInt16BE(edns.dnssecOk ? DO_BIT : 0, at);
  at = buffer.writeUInt16BE(octets - 11, at);
  for (const option of edns.options) {
    at = buffer.writeUInt16BE(option.code, at);
    at = buffer.writeUInt16BE(option.data.length, at);
    buffer.set(option.data, at);
    at += option.data.length;
  }
  target.offset = at;
}

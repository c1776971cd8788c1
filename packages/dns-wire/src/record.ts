import { readIpv4, readIpv6, writeIpv4, writeIpv6 } from "./address.ts";
import { typeCode, typeName } from "./codes.ts";
import { type Cursor, readBytes, readCharacterString, readUint16, readUint32 } from "./cursor.ts";
import { FormatError } from "./format-error.ts";
import { type Name, type NameTarget, readName, writeName } from "./name.ts";

interface RecordHead {
  readonly name: Name;
  readonly class: number;
  /** Seconds. */
  readonly ttl: number;
}

/** An IPv4 or IPv6 address. */
export interface AddressRecord extends RecordHead {
  readonly type: "A" | "AAAA";
  readonly address: string;
}

/** A record that is another name. */
export interface NameRecord extends RecordHead {
  readonly type: "NS" | "CNAME" | "PTR";
  readonly target: Name;
}

/** A service's place (RFC 2782). */
export interface SrvRecord extends RecordHead {
  readonly type: "SRV";
  readonly priority: number;
  readonly weight: number;
  readonly port: number;
  readonly target: Name;
}

/** Text; each string is at most 255 octets, one octet a character (Latin-1). */
export interface TxtRecord extends RecordHead {
  readonly type: "TXT";
  readonly strings: readonly string[];
}

/** The start of a zone of authority; times in seconds. */
export interface SoaRecord extends RecordHead {
  readonly type: "SOA";
  readonly mname: Name;
  readonly rname: Name;
  readonly serial: number;
  readonly refresh: number;
  readonly retry: number;
  readonly expire: number;
  readonly minimum: number;
}

/** A mail exchange. */
export interface MxRecord extends RecordHead {
  readonly type: "MX";
  readonly preference: number;
  readonly target: Name;
}

/** Host information, which cluster DNS uses for the loop probe and for answers to ANY. */
export interface HinfoRecord extends RecordHead {
  readonly type: "HINFO";
  readonly cpu: string;
  readonly os: string;
}

/** Any other type: its RDATA is passed on untouched (RFC 3597). */
export interface OpaqueRecord extends RecordHead {
  readonly type: `TYPE${number}`;
  readonly data: Uint8Array;
}

/** A resource record by its type. OPT is not one of them: see Edns. */
export type ResourceRecord =
  | AddressRecord
  | NameRecord
  | SrvRecord
  | TxtRecord
  | SoaRecord
  | MxRecord
  | HinfoRecord
  | OpaqueRecord;

/** Reads the RDATA of `length` octets at the cursor and gives the record. */
export function readRecordData(
  cursor: Cursor,
  head: RecordHead & { readonly code: number },
  length: number,
): ResourceRecord {
  const stop = cursor.offset + length;
  if (stop > cursor.end) throw new FormatError("a record reaches past the message's end");
  const record = decodeData({ buffer: cursor.buffer, offset: cursor.offset, end: stop }, head);
  cursor.offset = stop;
  return record;
}

function decodeData(cursor: Cursor, rest: RecordHead & { readonly code: number }): ResourceRecord {
  const { code, name, class: cls, ttl } = rest;
  const head = { name, class: cls, ttl };
  const type = typeName(code);
  const record = decodeKnown(cursor, type, head);
  if (record === undefined) {
    const data = readBytes(cursor, cursor.end - cursor.offset);
    return { ...head, type: `TYPE${code}`, data };
  }
  if (cursor.offset !== cursor.end) throw new FormatError(`a ${type} record is too long`);
  return record;
}

function decodeKnown(cursor: Cursor, type: string, head: RecordHead): ResourceRecord | undefined {
  switch (type) {
    case "A":
      return { ...head, type, address: readIpv4(cursor.buffer, take(cursor, 4)) };
    case "AAAA":
      return { ...head, type, address: readIpv6(cursor.buffer, take(cursor, 16)) };
    case "NS":
    case "CNAME":
    case "PTR":
      return { ...head, type, target: readName(cursor) };
    case "SRV":
      return {
        ...head,
        type,
        priority: readUint16(cursor),
        weight: readUint16(cursor),
        port: readUint16(cursor),
        target: readName(cursor),
      };
    case "TXT":
      return { ...head, type, strings: readStrings(cursor) };
    case "SOA":
      return readSoa(cursor, head);
    case "MX":
      return { ...head, type, preference: readUint16(cursor), target: readName(cursor) };
    case "HINFO":
      return { ...head, type, cpu: readCharacterString(cursor), os: readCharacterString(cursor) };
    default:
      return undefined;
  }
}

function take(cursor: Cursor, length: number): number {
  const start = cursor.offset;
  if (start + length > cursor.end) throw new FormatError("an address record is too short");
  cursor.offset = start + length;
  return start;
}

function readStrings(cursor: Cursor): string[] {
  const strings: string[] = [];
  while (cursor.offset < cursor.end) strings.push(readCharacterString(cursor));
  return strings;
}

function readSoa(cursor: Cursor, head: RecordHead): SoaRecord {
  return {
    ...head,
    type: "SOA",
    mname: readName(cursor),
    rname: readName(cursor),
    serial: readUint32(cursor),
    refresh: readUint32(cursor),
    retry: readUint32(cursor),
    expire: readUint32(cursor),
    minimum: readUint32(cursor),
  };
}

/**
 * Writes a whole record. Names inside RDATA are compressed only for the types of RFC 1035; an
 * SRV target never is (RFC 2782, RFC 3597 §4). The target needs room for 64 KiB more.
 */
export function writeRecord(target: NameTarget, record: ResourceRecord): void {
  const { buffer } = target;
  const code = typeCode(record.type);
  if (code === undefined) throw new FormatError(`there is no record type "${record.type}"`);
  writeName(target, record.name, true);
  let at = buffer.writeUInt16BE(code, target.offset);
  at = buffer.writeUInt16BE(record.class, at);
  at = buffer.writeUInt32BE(record.ttl >>> 0, at);
  target.offset = at + 2;
  writeData(target, record);
  const length = target.offset - at - 2;
  if (length > 0xffff) throw new FormatError(`a ${record.type} record exceeds 65535 octets`);
  buffer.writeUInt16BE(length, at);
}

function writeData(target: NameTarget, record: ResourceRecord): void {
  const { buffer } = target;
  switch (record.type) {
    case "A":
      target.offset = writeIpv4(buffer, target.offset, record.address);
      return;
    case "AAAA":
      target.offset = writeIpv6(buffer, target.offset, record.address);
      return;
    case "NS":
    case "CNAME":
    case "PTR":
      return writeName(target, record.target, true);
    case "SRV":
      writeUint16s(target, record.priority, record.weight, record.port);
      return writeName(target, record.target, false);
    case "TXT":
      return writeStrings(target, record.strings);
    case "SOA":
      return writeSoa(target, record);
    case "MX":
      writeUint16s(target, record.preference);
      return writeName(target, record.target, true);
    case "HINFO":
      writeCharacterString(target, record.cpu);
      return writeCharacterString(target, record.os);
    default:
      checkRoom(target, record.data.length);
      buffer.set(record.data, target.offset);
      target.offset += record.data.length;
  }
}

/** RDATA of TXT holds at least one string (RFC 1035 §3.3.14). */
function writeStrings(target: NameTarget, strings: readonly string[]): void {
  for (const string of strings.length === 0 ? [""] : strings) writeCharacterString(target, string);
}

function writeSoa(target: NameTarget, record: SoaRecord): void {
  writeName(target, record.mname, true);
  writeName(target, record.rname, true);
  const { serial, refresh, retry, expire, minimum } = record;
  for (const number of [serial, refresh, retry, expire, minimum]) {
    target.offset = target.buffer.writeUInt32BE(number >>> 0, target.offset);
  }
}

function writeUint16s(target: NameTarget, ...numbers: readonly number[]): void {
  for (const number of numbers) {
    target.offset = target.buffer.writeUInt16BE(number & 0xffff, target.offset);
  }
}

function writeCharacterString(target: NameTarget, string: string): void {
  if (string.length > 255) {
    throw new FormatError(`a character string holds ${string.length} octets; 255 is the most`);
  }
  checkRoom(target, string.length + 1);
  target.buffer[target.offset] = string.length;
  target.offset += 1 + target.buffer.write(string, target.offset + 1, "latin1");
}

function checkRoom(target: NameTarget, length: number): void {
  if (target.offset + length > target.buffer.length) {
    throw new FormatError("the message exceeds 65535 octets");
  }
}

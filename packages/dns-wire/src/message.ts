import { typeCode, typeName } from "./codes.ts";
import { type Cursor, readUint16, readUint32 } from "./cursor.ts";
import { type DecodedEdns, type Edns, readEdns } from "./edns.ts";
import { FormatError } from "./format-error.ts";
import { type Header, HEADER_OCTETS, readHeader } from "./header.ts";
import { type Name, readName } from "./name.ts";
import { readRecordData, type ResourceRecord } from "./record.ts";

/** What is asked. */
export interface Question {
  readonly name: Name;
  /** The type's name, `TYPE123` for one without a name. */
  readonly type: string;
  readonly class: number;
}

/** A DNS message. */
export interface Message {
  readonly id: number;
  /** Bits of `Flag`. */
  readonly flags: number;
  readonly opcode: number;
  /** The whole response code; above 15 it needs `edns`. */
  readonly rcode: number;
  readonly questions: readonly Question[];
  readonly answers: readonly ResourceRecord[];
  readonly authorities: readonly ResourceRecord[];
  /** Without the OPT record, which is `edns`. */
  readonly additionals: readonly ResourceRecord[];
  readonly edns?: Edns;
}

const OPT_CODE = typeCode("OPT");

/**
 * Reads a message of at most 65535 octets. Throws FormatError on anything that is not one: fewer
 * octets than announced, a name too long or in a loop, RDATA of another length, two OPT records.
 * Octets behind the last record are ignored, as other servers do.
 */
export function decodeMessage(buffer: Buffer): Message {
  const header = readHeader(buffer);
  const cursor: Cursor = { buffer, offset: HEADER_OCTETS, end: buffer.length };
  const questions = readQuestions(cursor, header.questions);
  const answers = readRecords(cursor, header.answers);
  const authorities = readRecords(cursor, header.authorities);
  const { additionals, edns } = readAdditionals(cursor, header.additionals);
  return toMessage(header, { questions, answers, authorities, additionals }, edns);
}

type Sections = Pick<Message, "questions" | "answers" | "authorities" | "additionals">;

function toMessage(header: Header, sections: Sections, edns: DecodedEdns | undefined): Message {
  const { id, flags, opcode, rcode } = header;
  if (edns === undefined) return { id, flags, opcode, rcode, ...sections };
  const { extendedRcode, ...options } = edns;
  return { id, flags, opcode, rcode: (extendedRcode << 4) | rcode, ...sections, edns: options };
}

function readQuestions(cursor: Cursor, count: number): Question[] {
  const questions: Question[] = [];
  for (let index = 0; index < count; index++) {
    const name = readName(cursor);
    const type = typeName(readUint16(cursor));
    questions.push({ name, type, class: readUint16(cursor) });
  }
  return questions;
}

function readRecords(cursor: Cursor, count: number): ResourceRecord[] {
  const records: ResourceRecord[] = [];
  for (let index = 0; index < count; index++) {
    const name = readName(cursor);
    const code = readUint16(cursor);
    if (code === OPT_CODE) throw new FormatError("an OPT record is not in the additional section");
    records.push(readRest(cursor, name, code));
  }
  return records;
}

function readRest(cursor: Cursor, name: Name, code: number): ResourceRecord {
  const cls = readUint16(cursor);
  const ttl = readUint32(cursor);
  const length = readUint16(cursor);
  return readRecordData(cursor, { name, code, class: cls, ttl }, length);
}

interface Additionals {
  readonly additionals: ResourceRecord[];
  readonly edns: DecodedEdns | undefined;
}

function readAdditionals(cursor: Cursor, count: number): Additionals {
  const additionals: ResourceRecord[] = [];
  let edns: DecodedEdns | undefined;
  for (let index = 0; index < count; index++) {
    const name = readName(cursor);
    const code = readUint16(cursor);
    if (code !== OPT_CODE) {
      additionals.push(readRest(cursor, name, code));
      continue;
    }
    // RFC 6891 §6.1.1: more than one OPT record, or one that does not belong to the root, is FORMERR.
    if (edns !== undefined) throw new FormatError("there is more than one OPT record");
    if (name !== ".") throw new FormatError(`an OPT record belongs to "${name}", not to the root`);
    edns = readEdns(cursor);
  }
  return { additionals, edns };
}

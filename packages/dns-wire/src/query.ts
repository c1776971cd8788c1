import { typeCode, typeName } from "./codes.ts";
import { type Cursor, readUint16 } from "./cursor.ts";
import { type Edns, readEdns } from "./edns.ts";
import { FormatError } from "./format-error.ts";
import { type Header, HEADER_OCTETS } from "./header.ts";
import { decodeMessage, type Question } from "./message.ts";
import { readName } from "./name.ts";
import type { ResourceRecord } from "./record.ts";

/** The parts of a query that a server answers from. */
export interface QueryBody {
  readonly question: Question;
  readonly edns: Edns | undefined;
  /** What IXFR says it has (RFC 1995 §3); undefined for the usual query. */
  readonly authorities: readonly ResourceRecord[] | undefined;
}

/** An OPT record without options: root name, type, class, TTL, length. */
const BARE_OPT_OCTETS = 11;
const OPT_CODE = typeCode("OPT");

/**
 * Reads the body of a query with exactly one question whose header was read before. The usual
 * query, a question and perhaps OPT, is read without more; any other goes through decodeMessage,
 * so that its records are checked. Throws FormatError as decodeMessage does.
 */
export function decodeQuery(buffer: Buffer, header: Header): QueryBody {
  if (header.questions !== 1) {
    throw new FormatError(`a query has one question, this one ${header.questions}`);
  }
  const others = header.answers + header.authorities;
  if (others > 0 || header.additionals > 1) return decodeFully(buffer);
  const cursor: Cursor = { buffer, offset: HEADER_OCTETS, end: buffer.length };
  const name = readName(cursor);
  const type = typeName(readUint16(cursor));
  const question = { name, type, class: readUint16(cursor) };
  if (header.additionals === 0) return { question, edns: undefined, authorities: undefined };
  if (!standsAtOpt(cursor)) return decodeFully(buffer);
  cursor.offset += 3;
  const { udpSize, version, dnssecOk, options } = readEdns(cursor);
  return {
    question,
    edns: { udpSize, version, dnssecOk, options },
    authorities: undefined,
  };
}

function standsAtOpt({ buffer, offset, end }: Cursor): boolean {
  if (offset + BARE_OPT_OCTETS > end || buffer[offset] !== 0) return false;
  return buffer.readUInt16BE(offset + 1) === OPT_CODE;
}

function decodeFully(buffer: Buffer): QueryBody {
  const { questions, authorities, edns } = decodeMessage(buffer);
  return { question: questions[0] as Question, edns, authorities };
}

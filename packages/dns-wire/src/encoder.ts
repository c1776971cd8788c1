import { Flag, typeCode } from "./codes.ts";
import { ednsOctets, writeEdns } from "./edns.ts";
import { FormatError } from "./format-error.ts";
import { HEADER_OCTETS, writeHeader } from "./header.ts";
import type { Message } from "./message.ts";
import { type NameTarget, writeName } from "./name.ts";
import { type ResourceRecord, writeRecord } from "./record.ts";

/** The largest message there is, in octets. */
export const MAX_MESSAGE_OCTETS = 65_535;

/** How a message is put into octets. */
export interface EncodeOptions {
  /** The most octets the message may have; 65535 by default. Below 12 and the question: FormatError. */
  readonly maxOctets?: number;
  /** A message larger than this without compression gets compressed; `maxOctets` by default. */
  readonly compressAbove?: number;
}

/** Room for the record that finds out that the message is too large. */
const SCRATCH_OCTETS = MAX_MESSAGE_OCTETS * 2 + 1024;
const scratch = Buffer.allocUnsafeSlow(SCRATCH_OCTETS);

/**
 * Puts a message into octets. Names are left uncompressed as long as the message fits; else they
 * are compressed, and when that is not enough the records that do not fit are dropped, from the
 * end of the additional section forwards, and TC is set. OPT always stays. (As CoreDNS does: its
 * request.Scrub and miekg/dns' Msg.Truncate.) Throws FormatError on values that have no wire form.
 */
export function encodeMessage(message: Message, options: EncodeOptions = {}): Buffer {
  const maxOctets = Math.min(options.maxOctets ?? MAX_MESSAGE_OCTETS, MAX_MESSAGE_OCTETS);
  const limit = Math.min(options.compressAbove ?? maxOctets, maxOctets);
  const plain = writeMessage(message, { limit, names: undefined });
  if (plain.complete) return Buffer.from(scratch.subarray(0, plain.octets));
  const packed = writeMessage(message, { limit: maxOctets, names: new Map() });
  if (!packed.complete) scratch.writeUInt16BE(scratch.readUInt16BE(2) | Flag.TC, 2);
  return Buffer.from(scratch.subarray(0, packed.octets));
}

interface Written {
  readonly octets: number;
  /** Whether every record fitted. */
  readonly complete: boolean;
}

function writeMessage(
  message: Message,
  how: { limit: number; names: Map<string, number> | undefined },
): Written {
  const target: NameTarget = { buffer: scratch, offset: HEADER_OCTETS, names: how.names };
  writeHeader(scratch, message);
  writeQuestions(target, message);
  const limit = how.limit - (message.edns === undefined ? 0 : ednsOctets(message.edns));
  if (target.offset > limit && how.names !== undefined) {
    throw new FormatError(`a question does not fit into ${how.limit} octets`);
  }
  const answers = writeRecords(target, message.answers, limit);
  const room = answers === message.answers.length;
  const authorities = room ? writeRecords(target, message.authorities, limit) : 0;
  const more = room && authorities === message.authorities.length;
  const additionals = more ? writeRecords(target, message.additionals, limit) : 0;
  const complete = target.offset <= limit && more && additionals === message.additionals.length;
  const opt = writeOpt(target, message);
  scratch.writeUInt16BE(message.questions.length, 4);
  scratch.writeUInt16BE(answers, 6);
  scratch.writeUInt16BE(authorities, 8);
  scratch.writeUInt16BE(additionals + opt, 10);
  return { octets: target.offset, complete };
}

function writeQuestions(target: NameTarget, message: Message): void {
  for (const question of message.questions) {
    const code = typeCode(question.type);
    if (code === undefined) throw new FormatError(`there is no record type "${question.type}"`);
    writeName(target, question.name, true);
    target.offset = scratch.writeUInt16BE(code, target.offset);
    target.offset = scratch.writeUInt16BE(question.class, target.offset);
    if (target.offset > MAX_MESSAGE_OCTETS) throw new FormatError("too many questions");
  }
}

/** Writes records until one would reach past `limit`; that one is taken back. Gives how many. */
function writeRecords(
  target: NameTarget,
  records: readonly ResourceRecord[],
  limit: number,
): number {
  for (let index = 0; index < records.length; index++) {
    const start = target.offset;
    writeRecord(target, records[index] as ResourceRecord);
    if (target.offset > limit) {
      target.offset = start;
      return index;
    }
  }
  return records.length;
}

function writeOpt(target: NameTarget, message: Message): 0 | 1 {
  if (message.edns === undefined) {
    if (message.rcode > 0xf) throw new FormatError(`rcode ${message.rcode} needs EDNS`);
    return 0;
  }
  writeEdns(target, message.edns, message.rcode);
  return 1;
}

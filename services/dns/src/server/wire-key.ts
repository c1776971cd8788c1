import { HEADER_OCTETS, MAX_LABEL_OCTETS, MAX_NAME_OCTETS } from "@kubehop/dns-wire";
import type { Packet } from "./responder.ts";

/** All of a query that its answer may depend on, who asks aside. */
export interface WireKey {
  /** Equal for queries that differ in id and the case of the name only. */
  readonly text: string;
  /** Whether the name has no upper-case letter. */
  readonly lowerCase: boolean;
  /** One past the name's last octet; the question's type follows. */
  readonly nameEnd: number;
}

/** An OPT record without options (RFC 6891 §6.1.2). */
const OPT_OCTETS = 11;
const OPT_TYPE = 41;
const CLASS_IN = 1;
/** Header bits of a message that is no plain query: QR and opcode. */
const NOT_A_QUERY = 0xf8;
const UDP = 0x75;
const TCP = 0x74;

/** Protocol, flags, counts, the question in lower case, OPT. */
const scratch = Buffer.alloc(HEADER_OCTETS + MAX_NAME_OCTETS + 4 + OPT_OCTETS);

/**
 * The key of the usual query: one question of class IN with a plain name, and no more than an OPT
 * record of version 0 without options. Undefined for any other packet.
 */
export function readWireKey({ bytes, protocol }: Packet): WireKey | undefined {
  const { length } = bytes;
  if (length < HEADER_OCTETS + 5 || length > scratch.length) return undefined;
  if (((bytes[2] as number) & NOT_A_QUERY) !== 0 || !hasUsualCounts(bytes)) return undefined;
  const nameEnd = copyName(bytes);
  if (nameEnd < 0 || !endsAsUsual(bytes, nameEnd)) return undefined;
  let lowerCase = true;
  for (let at = HEADER_OCTETS; at < nameEnd; at++) {
    if (scratch[at] !== bytes[at]) lowerCase = false;
  }
  scratch[1] = protocol === "udp" ? UDP : TCP;
  for (let at = 2; at < HEADER_OCTETS; at++) scratch[at] = bytes[at] as number;
  for (let at = nameEnd; at < length; at++) scratch[at] = bytes[at] as number;
  return { text: scratch.toString("latin1", 1, length), lowerCase, nameEnd };
}

/** One question and at most one additional record. */
function hasUsualCounts(bytes: Buffer): boolean {
  for (let at = 4; at < HEADER_OCTETS - 1; at++) {
    if (bytes[at] !== (at === 5 ? 1 : 0)) return false;
  }
  return (bytes[HEADER_OCTETS - 1] as number) <= 1;
}

/** Copies the name in lower case; gives where it ends, negative when it is no plain name. */
function copyName(bytes: Buffer): number {
  let at = HEADER_OCTETS;
  const limit = Math.min(bytes.length, HEADER_OCTETS + MAX_NAME_OCTETS);
  while (at < limit) {
    const label = bytes[at] as number;
    if (label > MAX_LABEL_OCTETS) return -1;
    scratch[at++] = label;
    if (label === 0) return at;
    const stop = at + label;
    if (stop >= limit) return -1;
    for (; at < stop; at++) {
      const octet = bytes[at] as number;
      scratch[at] = octet >= 0x41 && octet <= 0x5a ? octet | 0x20 : octet;
    }
  }
  return -1;
}

/** Type, class IN, then nothing or a bare OPT record. */
function endsAsUsual(bytes: Buffer, nameEnd: number): boolean {
  const end = nameEnd + 4;
  const hasOpt = bytes[HEADER_OCTETS - 1] === 1;
  if (bytes.length !== end + (hasOpt ? OPT_OCTETS : 0)) return false;
  if (bytes[nameEnd + 2] !== 0 || bytes[nameEnd + 3] !== CLASS_IN) return false;
  if (!hasOpt) return true;
  const isOpt = bytes[end] === 0 && bytes[end + 1] === 0 && bytes[end + 2] === OPT_TYPE;
  // Neither another version nor options.
  return isOpt && bytes[end + 6] === 0 && bytes[end + 9] === 0 && bytes[end + 10] === 0;
}

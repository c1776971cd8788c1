import type { Random } from "@kubehop/kit";
import { CLASS_IN, encodeMessage, Flag, Opcode } from "@kubehop/dns-wire";

/** Makes packets that are wrong on purpose. */
export interface PacketMutator {
  /** A query that was changed in one to three places, or random octets. */
  next(): Buffer;
}

const HEADER = 12;
const COUNTS = [4, 6, 8, 10];
const EDGES = [0, 1, 2, 3, 0x7f, 0x80, 0xff, 0x100, 0x7fff, 0x8000, 0xfffe, 0xffff];
/** What a label's length may turn into: too long, reserved bits, pointers to all sorts of places. */
const LABEL_OCTETS = [0x00, 0x01, 0x3f, 0x40, 0x7f, 0x80, 0xbf, 0xc0, 0xff];
/** Types with a meaning of their own; 41 is OPT, 250 TSIG. */
const TYPES = [0, 1, 5, 6, 12, 16, 28, 33, 41, 64, 65, 250, 251, 252, 255, 256, 65_535];
const CLASSES = [0, 1, 3, 4, 254, 255, 65_535];
const MOST_RANDOM_OCTETS = 600;

type Change = (bytes: Buffer, random: Random) => Buffer;

/** Creates a mutator of queries for these names; the same random numbers give the same packets. */
export function createPacketMutator(names: readonly string[], random: Random): PacketMutator {
  const originals = names.flatMap(queriesFor);
  return {
    next() {
      if (random() < 0.05) return randomOctets(random);
      let bytes: Buffer = Buffer.from(pick(originals, random));
      bytes.writeUInt16BE(below(0x1_0000, random), 0);
      const changes = 1 + below(3, random);
      for (let count = 0; count < changes && bytes.length > HEADER; count++) {
        bytes = pick(CHANGES, random)(bytes, random);
      }
      return bytes;
    },
  };
}

/** The shapes of real queries: plain, with EDNS and options, IXFR, NOTIFY, class CH. */
function queriesFor(name: string): Buffer[] {
  const head = { id: 0, flags: Flag.RD, opcode: Opcode.QUERY, rcode: 0 };
  const empty = { answers: [], authorities: [], additionals: [] };
  const ask = (type: string, cls: number = CLASS_IN) => ({
    ...head,
    ...empty,
    questions: [{ name, type, class: cls }],
  });
  const edns = { udpSize: 1_232, version: 0, dnssecOk: true };
  const cookie = { code: 10, data: Buffer.alloc(8, 7) };
  const padding = { code: 12, data: Buffer.alloc(30) };
  const subnet = { code: 8, data: Buffer.from([0, 1, 24, 0, 192, 0, 2]) };
  const numbers = { serial: 1, refresh: 1, retry: 1, expire: 1, minimum: 1 };
  const soa = { name, type: "SOA" as const, class: CLASS_IN, ttl: 0, mname: name, rname: name };
  return [
    ask("A"),
    ask("AAAA"),
    ask("PTR"),
    ask("TXT", 3),
    { ...ask("SRV"), edns: { ...edns, options: [] } },
    { ...ask("A"), edns: { ...edns, options: [cookie, padding, subnet] } },
    { ...ask("IXFR"), authorities: [{ ...soa, ...numbers }] },
    { ...ask("SOA"), opcode: Opcode.NOTIFY, answers: [{ ...soa, ...numbers }] },
  ].map((message) => encodeMessage(message));
}

const CHANGES: readonly Change[] = [
  /** The header's bits, any of them. */
  (bytes, random) => {
    bytes[2 + below(2, random)] = below(256, random);
    return bytes;
  },
  /** A section's count that the body does not have. */
  (bytes, random) => writeUint16(bytes, pick(COUNTS, random), pick(EDGES, random)),
  /** The first label's length. */
  (bytes, random) => {
    bytes[HEADER] = pick(LABEL_OCTETS, random);
    return bytes;
  },
  /** A compression pointer anywhere, to anywhere: itself, ahead, the header, past the end. */
  (bytes, random) => {
    const at = HEADER + below(bytes.length - HEADER, random);
    return writeUint16(bytes, at, 0xc000 | below(bytes.length + 4, random));
  },
  (bytes, random) => writeUint16(bytes, endOfName(bytes), pick(TYPES, random)),
  (bytes, random) => writeUint16(bytes, endOfName(bytes) + 2, pick(CLASSES, random)),
  /** A length or number in the last octets, where OPT and other records are. */
  (bytes, random) => {
    const body = bytes.length - HEADER;
    return writeUint16(
      bytes,
      bytes.length - 2 - below(Math.min(body, 64), random),
      pick(EDGES, random),
    );
  },
  /** Cut off. */
  (bytes, random) => bytes.subarray(0, below(bytes.length, random)),
  /** Octets that nobody announced. */
  (bytes, random) => Buffer.concat([bytes, randomOctets(random)]),
  /** The body once more: a second question, a second OPT. */
  (bytes, random) => {
    const counted = writeUint16(bytes, pick(COUNTS, random), 2);
    return Buffer.concat([counted, bytes.subarray(pick([HEADER, endOfName(bytes)], random))]);
  },
  /** Any octet. */
  (bytes, random) => {
    bytes[below(bytes.length, random)] = below(256, random);
    return bytes;
  },
  /** The longest name there is, of labels of one octet. */
  (bytes, random) => {
    const labels = Buffer.alloc(254, Buffer.from([1, below(256, random)]));
    return Buffer.concat([bytes.subarray(0, HEADER), labels, bytes.subarray(endOfName(bytes) - 1)]);
  },
];

/** Where the type stands behind the first name; the end when there is no such place. */
function endOfName(bytes: Buffer): number {
  const zero = bytes.indexOf(0, HEADER);
  return zero === -1 ? bytes.length : zero + 1;
}

function writeUint16(bytes: Buffer, at: number, value: number): Buffer {
  if (at >= 0 && at + 2 <= bytes.length) bytes.writeUInt16BE(value, at);
  return bytes;
}

function randomOctets(random: Random): Buffer {
  return Buffer.from(
    Array.from({ length: below(MOST_RANDOM_OCTETS, random) }, () => below(256, random)),
  );
}

function pick<T>(list: readonly T[], random: Random): T {
  return list[below(list.length, random)] as T;
}

function below(limit: number, random: Random): number {
  return Math.floor(random() * limit);
}

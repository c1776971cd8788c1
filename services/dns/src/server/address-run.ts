import { Flag, type ResourceRecord } from "@kubehop/dns-wire";
import type { Random } from "@kubehop/kit";
import type { Reply } from "../reply.ts";

/** Address records that stand one behind the other and differ in their address only. */
export interface Run {
  /** Where the first address begins. */
  readonly start: number;
  /** From one address to the next. */
  readonly step: number;
  /** Octets of an address. */
  readonly size: number;
  readonly count: number;
}

/** Type, class, TTL and length of the data. */
const FIXED_OCTETS = 10;
const POINTER = 0xc0;

/**
 * The addresses of an encoded answer that `loadbalance` puts in another order; undefined when there
 * are fewer than two, "unknown" when the order cannot be changed in place.
 */
export function findAddressRun(
  reply: Reply,
  bytes: Buffer,
  nameEnd: number,
): Run | "unknown" | undefined {
  const { answers, authorities, additionals } = reply;
  if (movable(authorities).length > 1 || movable(additionals).length > 1) return "unknown";
  const { length: count } = movable(answers);
  if (count < 2) return undefined;
  if ((bytes.readUInt16BE(2) & Flag.TC) !== 0) return "unknown";
  if (!isUniform(answers.slice(-count))) return "unknown";
  const data = dataOffsets(bytes, nameEnd + 4, answers.length).slice(-count);
  const [start = 0, second = 0] = data;
  return { start, step: second - start, size: bytes.readUInt16BE(start - 2), count };
}

/** Puts the addresses in a random order (Fisher–Yates). */
export function shuffleRun(bytes: Buffer, { start, step, size, count }: Run, random: Random): void {
  for (let last = count - 1; last > 0; last--) {
    const from = start + Math.floor(random() * (last + 1)) * step;
    const to = start + last * step;
    for (let at = 0; at < size; at++) {
      const octet = bytes[to + at] as number;
      bytes[to + at] = bytes[from + at] as number;
      bytes[from + at] = octet;
    }
  }
}

function movable(records: readonly ResourceRecord[]): readonly ResourceRecord[] {
  if (records.length < 2) return [];
  return records.filter(({ type }) => type === "A" || type === "AAAA" || type === "MX");
}

/** Where the data of each record begins; behind the first of a name all have the same length. */
function dataOffsets(bytes: Buffer, start: number, count: number): number[] {
  const offsets: number[] = [];
  let at = start;
  for (let index = 0; index < count; index++) {
    const data = nameEndOf(bytes, at) + FIXED_OCTETS;
    offsets.push(data);
    at = data + bytes.readUInt16BE(data - 2);
  }
  return offsets;
}

function nameEndOf(bytes: Buffer, start: number): number {
  let at = start;
  for (;;) {
    const label = bytes[at] as number;
    if (label === 0) return at + 1;
    if (label >= POINTER) return at + 2;
    at += label + 1;
  }
}

/** Whether they are addresses of one name and family, so that only their data differs. */
function isUniform(records: readonly ResourceRecord[]): boolean {
  const [first] = records;
  if (first?.type !== "A" && first?.type !== "AAAA") return false;
  return records.every(
    ({ name, type, ttl }) => name === first.name && type === first.type && ttl === first.ttl,
  );
}

import { createHash } from "node:crypto";

/** RFC 4648 base32. */
const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
const BITS = 5;

/** The first `length` (≤ 51) characters of the base32 of a text's SHA-256, as in chain names. */
export function hashOf(text: string, length: number): string {
  const bytes = createHash("sha256").update(text).digest();
  return Array.from({ length }, (_, index) => {
    const bit = index * BITS;
    const pair = bytes.readUInt16BE(bit >>> 3);
    return ALPHABET[(pair >>> (16 - BITS - (bit & 7))) & 31];
  }).join("");
}

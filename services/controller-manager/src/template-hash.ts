import type { PodTemplateSpec } from "@kubehop/api";

/** Letters that spell no words, as the API server's generated names use. */
const ALPHABET = "bcdfghjklmnpqrstvwxz2456789";

/**
 * JSON with the keys of every object sorted, so that equal values have equal texts; a key that is
 * undefined is left out.
 */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    typeof inner === "object" && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}

/**
 * A short name for a pod template: FNV-1a (32 bits) of its canonical JSON, spelt with upstream's
 * safe letters. `collisionCount` gives another name to templates that happen to share one.
 */
export function templateHash(template: PodTemplateSpec, collisionCount = 0): string {
  const text = canonicalJson(template) + (collisionCount === 0 ? "" : `#${collisionCount}`);
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(text)) {
    hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  }
  const letterOf = (digit: string): string =>
    ALPHABET.charAt(digit.charCodeAt(0) % ALPHABET.length);
  return String(hash).replaceAll(/\d/g, letterOf);
}

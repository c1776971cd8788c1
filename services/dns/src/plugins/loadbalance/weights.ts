import { isIP } from "node:net";
import { toAbsolute } from "@kubehop/dns-wire";
import { canonicalIp } from "../../cluster/service-entry.ts";

/** The weight of an address under a name (lower case); 1 for what the file does not know. */
export interface Weights {
  weight(name: string, ip: string): number;
  /** Whether the file knows the name. */
  knows(name: string): boolean;
}

/** A mistake in a file of weights. */
export class WeightsError extends Error {
  override readonly name = "WeightsError";
}

const MAX_WEIGHT = 255;

/**
 * Reads a file of CoreDNS' weighted policy: a name on a line of its own, then a line `ADDRESS
 * WEIGHT` (1 to 255) for each of its addresses; `#` begins a comment. Throws WeightsError.
 */
export function parseWeights(text: string): Weights {
  const names = new Map<string, Map<string, number>>();
  let current: Map<string, number> | undefined;
  for (const [index, raw] of text.split("\n").entries()) {
    const [first, second, extra] = raw.replace(/#.*/, "").trim().split(/\s+/);
    if (first === undefined || first === "") continue;
    if (second === undefined && isIP(first) === 0) {
      current = new Map();
      names.set(toAbsolute(first.toLowerCase()), current);
      continue;
    }
    const weight = Number(second);
    const right = isIP(first) !== 0 && weight >= 1 && weight <= MAX_WEIGHT && extra === undefined;
    if (!right || !Number.isInteger(weight)) {
      throw new WeightsError(`line ${index + 1}: "${raw.trim()}" is not NAME or ADDRESS WEIGHT`);
    }
    if (current === undefined)
      throw new WeightsError(`line ${index + 1}: an address before any name`);
    current.set(canonicalIp(first), weight);
  }
  return {
    weight: (name, ip) => names.get(name)?.get(canonicalIp(ip)) ?? 1,
    knows: (name) => names.has(name),
  };
}

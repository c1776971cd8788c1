import { WEIGHT_ANNOTATION, WEIGHTS_ANNOTATION } from "./constants.ts";
import { isObject } from "./patch/merge-patch.ts";
import type { ObjectMeta } from "./meta/object-meta.ts";

type Annotated = { metadata: Pick<ObjectMeta, "annotations"> };

const MAX_WEIGHT = 1_000_000;

/**
 * Weight of a pod: its annotation kubehop.dev/weight, an integer from 0 to 1 000 000. Without the
 * annotation, or when its text is none of these, 1.
 */
export function parseWeight(pod: Annotated): number {
  const text = pod.metadata.annotations?.[WEIGHT_ANNOTATION];
  if (text === undefined || !/^[0-9]{1,7}$/.test(text)) return 1;
  const weight = Number(text);
  return weight <= MAX_WEIGHT ? weight : 1;
}

const NONE: ReadonlyMap<string, number> = new Map();

/**
 * Weights of an EndpointSlice: address → weight, from its annotation kubehop.dev/weights. An
 * address that is not in the map weighs 1; text that cannot be read counts as no annotation.
 */
export function parseWeights(slice: Annotated): ReadonlyMap<string, number> {
  const text = slice.metadata.annotations?.[WEIGHTS_ANNOTATION];
  if (text === undefined) return NONE;
  const entries = Object.entries(parseObject(text)).filter((entry): entry is [string, number] =>
    isWeight(entry[1]),
  );
  return entries.length === 0 ? NONE : new Map(entries);
}

/** Text of the annotation kubehop.dev/weights; undefined when every weight is 1. */
export function formatWeights(weights: ReadonlyMap<string, number>): string | undefined {
  const entries = [...weights].filter(([, weight]) => weight !== 1);
  if (entries.length === 0) return undefined;
  return JSON.stringify(Object.fromEntries(entries.toSorted(([a], [b]) => (a < b ? -1 : 1))));
}

function isWeight(value: unknown): boolean {
  return Number.isInteger(value) && Number(value) >= 0 && Number(value) <= MAX_WEIGHT;
}

function parseObject(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : {};
  } catch {
    return {};
  }
}

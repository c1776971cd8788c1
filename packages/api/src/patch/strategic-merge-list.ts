import { badRequest } from "../status/status-error.ts";
import { isObject, ownValue } from "./merge-patch.ts";

type Json = Record<string, unknown>;

/** Union of two lists of scalars, each value once. */
export function mergeSet(old: readonly unknown[], patch: readonly unknown[]): unknown[] {
  return [...new Set([...old, ...patch])];
}

/**
 * Merges lists of objects: items with the same merge key merge, others are appended; an item with
 * `$patch: delete` removes its namesake, one with `$patch: replace` the whole old list.
 * @throws StatusError 400 when an item is no object or lacks the merge key.
 */
export function mergeByKey(
  old: readonly unknown[],
  patch: readonly unknown[],
  mergeKey: string,
  merge: (item: Json, change: Json) => Json,
): unknown[] {
  const changes = patch.map((item) => asObject(item));
  const replaces = changes.some((change) => change["$patch"] === "replace");
  const items = replaces ? [] : old.map((item) => asObject(item));
  // Places that a deletion has emptied are taken out at the end: lists may be long.
  const result: (Json | undefined)[] = items;
  const places = indexBy(items.map((item) => keyOf(item, mergeKey)));
  for (const change of changes) {
    const directive = change["$patch"];
    if (directive === "replace") continue;
    const key = keyIn(change, mergeKey);
    const place = places.get(key) ?? result.length;
    if (directive === "delete") {
      if (places.delete(key)) result[place] = undefined;
    } else {
      result[place] = merge(result[place] ?? {}, change);
      places.set(key, place);
    }
  }
  return result.filter((item) => item !== undefined);
}

interface Arrangement {
  /** Items (or just their merge keys) in the order the patch wants. */
  readonly order: readonly unknown[];
  readonly patch: readonly unknown[] | undefined;
  /** The list before the patch. */
  readonly old: readonly unknown[];
  readonly mergeKey: string | undefined;
}

/**
 * Sorts a merged list as upstream does: items the patch names stand in the patch's order; the
 * others keep their old order and stand before an item of the patch only when they did before.
 * @throws StatusError 400 when the patch contradicts its own `$setElementOrder`.
 */
export function arrange(merged: readonly unknown[], arrangement: Arrangement): unknown[] {
  const { order, patch, old, mergeKey } = arrangement;
  const identity = (item: unknown): unknown =>
    mergeKey === undefined ? item : keyOf(item, mergeKey);
  const wanted = indexBy(order.map(identity));
  const before = indexBy(old.map(identity));
  if (patch !== undefined) checkOrder(patch, identity, wanted);
  const rank = (item: unknown): number => wanted.get(identity(item)) ?? -1;
  const named = merged.filter((item) => rank(item) >= 0).toSorted((a, b) => rank(a) - rank(b));
  const others = merged.filter((item) => rank(item) < 0);
  return interleave(others, named, (item) => before.get(identity(item)));
}

function interleave(
  others: readonly unknown[],
  named: readonly unknown[],
  position: (item: unknown) => number | undefined,
): unknown[] {
  const result: unknown[] = [];
  let next = 0;
  for (const item of named) {
    const limit = position(item) ?? -1;
    while (next < others.length && (position(others[next]) ?? Infinity) < limit) {
      result.push(others[next++]);
    }
    result.push(item);
  }
  return [...result, ...others.slice(next)];
}

function checkOrder(
  patch: readonly unknown[],
  identity: (item: unknown) => unknown,
  wanted: ReadonlyMap<unknown, number>,
): void {
  let last = -1;
  for (const item of patch) {
    if (isObject(item) && item["$patch"] !== undefined) continue;
    const index = wanted.get(identity(item)) ?? -1;
    if (index < last || index < 0) {
      throw badRequest("The order in patch list doesn't match $setElementOrder list");
    }
    last = index;
  }
}

/** First position of each value. */
function indexBy(values: readonly unknown[]): Map<unknown, number> {
  const indices = new Map<unknown, number>();
  values.forEach((value, index) => {
    if (!indices.has(value)) indices.set(value, index);
  });
  return indices;
}

function asObject(item: unknown): Json {
  if (isObject(item)) return item;
  throw badRequest(`the list merges by key, but it holds ${JSON.stringify(item)}`);
}

function keyOf(item: unknown, mergeKey: string): unknown {
  return isObject(item) ? ownValue(item, mergeKey) : item;
}

function keyIn(item: Json, mergeKey: string): unknown {
  const key = ownValue(item, mergeKey);
  if (key !== undefined && key !== null) return key;
  const text = JSON.stringify(item);
  throw badRequest(`map: ${text} does not contain declared merge key: ${mergeKey}`);
}

import { isObject, ownValue, setOwn } from "../patch/merge-patch.ts";
import { type FieldType, type ListType, resolveType } from "./field-type.ts";
import { elementOf, itemsByElement } from "./list-items.ts";
import { isLeaf } from "./owned-fields.ts";
import type { PathElement } from "./path-element.ts";

type MapType = Extract<FieldType, { form: "map" }>;

/**
 * What an object becomes when a configuration is applied to it: maps, sets and lists with keys
 * merge, everything else is the configuration's (source: structured-merge-diff's Merge). Neither is
 * changed; the result shares parts with both.
 */
export function mergeValues(type: FieldType, live: unknown, config: unknown): unknown {
  if (config === undefined) return live;
  if (live === undefined || live === null || isLeaf(type, config)) return config;
  const resolved = resolveType(type, config);
  if (resolved.form === "map" && isObject(live) && isObject(config)) {
    return mergeMaps(resolved, live, config);
  }
  if (resolved.form === "list" && Array.isArray(live) && Array.isArray(config)) {
    return mergeLists(resolved, live, config);
  }
  return config;
}

function mergeMaps(
  type: MapType,
  live: Record<string, unknown>,
  config: Record<string, unknown>,
): Record<string, unknown> {
  const result = { ...live };
  for (const name of Object.keys(config)) {
    const below = type.of(name);
    if (below === undefined) continue;
    setOwn(result, name, mergeValues(below, ownValue(live, name), config[name]));
  }
  return result;
}

/**
 * Items of the configuration stand in its order; those only the object has stay in front of the
 * item they stood in front of.
 */
function mergeLists(
  type: ListType,
  live: readonly unknown[],
  config: readonly unknown[],
): unknown[] {
  const liveItems = itemsByElement(type, live);
  const wanted = config.map((item) => elementOf(type, item));
  const inConfig = new Set(wanted);
  const shared = wanted.filter((element) => element !== undefined && liveItems.has(element));
  const rest = live.map((item) => ({ item, element: elementOf(type, item) }));
  const result: unknown[] = [];
  let next = 0;
  let nextShared = 0;
  for (const [index, element] of wanted.entries()) {
    const anchor = shared[nextShared];
    for (; next < rest.length && rest[next]?.element !== anchor; next += 1) {
      const { item, element: other } = rest[next] as (typeof rest)[number];
      if (!inConfig.has(other)) result.push(item);
    }
    result.push(mergeItem(type, liveItems.get(element as PathElement), config[index]));
    if (element === anchor) nextShared += 1;
  }
  const others = rest.slice(next).filter(({ element }) => !inConfig.has(element));
  return [...result, ...others.map(({ item }) => item)];
}

/** Items whose keys come more than once give way to the configuration's. */
function mergeItem(type: ListType, live: readonly unknown[] = [], config: unknown): unknown {
  return live.length === 1 ? mergeValues(type.items, live[0], config) : config;
}

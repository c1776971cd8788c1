import type { TSchema } from "typebox";

import { badRequest } from "../status/status-error.ts";
import { isObject, ownValue, setOwn } from "./merge-patch.ts";
import { arrange, mergeByKey, mergeSet } from "./strategic-merge-list.ts";

type Json = Record<string, unknown>;

/** What a schema says about patching its values. */
interface PatchSchema {
  readonly properties?: Readonly<Record<string, TSchema>>;
  readonly items?: TSchema;
  readonly additionalProperties?: TSchema;
  readonly "x-kubernetes-patch-merge-key"?: string;
  readonly "x-kubernetes-patch-strategy"?: string;
}

const DIRECTIVE = "$patch";
const RETAIN_KEYS = "$retainKeys";
const SET_ORDER = "$setElementOrder/";
const DELETE_FROM = "$deleteFromPrimitiveList/";

/**
 * Applies a strategic merge patch. Objects merge field by field and null removes a field. A list
 * whose schema has patch strategy `merge` merges by its merge key (without one: as a set); every
 * other list is replaced. Directives: `$patch: delete|replace|merge`, `$retainKeys`,
 * `$setElementOrder/<list>` and `$deleteFromPrimitiveList/<list>`, as in
 * apimachinery/pkg/util/strategicpatch. The object is not changed.
 * @throws StatusError 400 for a directive that makes no sense or an item without its merge key.
 */
export function applyStrategicMergePatch(object: Json, patch: Json, schema: TSchema): Json {
  return mergeObject(object, patch, schema);
}

function mergeObject(original: Json, patch: Json, schema: TSchema | undefined): Json {
  const directive = patch[DIRECTIVE];
  if (directive === "delete") return {};
  if (directive === "replace") return cleaned(patch);
  if (directive !== undefined && directive !== "merge") {
    throw badRequest(`invalid value for ${DIRECTIVE}: ${JSON.stringify(directive)}`);
  }
  const result = retained(original, patch);
  for (const name of fieldsOf(patch)) {
    const merged = mergeField(ownValue(result, name), name, patch, fieldSchema(schema, name));
    if (merged === undefined) delete result[name];
    else setOwn(result, name, merged);
  }
  return result;
}

/** Names of the fields a patch is about, also those it names only in a list directive. */
function fieldsOf(patch: Json): Set<string> {
  const names = new Set<string>();
  for (const key of Object.keys(patch)) {
    if (key === DIRECTIVE || key === RETAIN_KEYS) continue;
    const prefix = [SET_ORDER, DELETE_FROM].find((one) => key.startsWith(one)) ?? "";
    names.add(key.slice(prefix.length));
  }
  return names;
}

/** A field's new value; undefined removes it. */
function mergeField(old: unknown, name: string, patch: Json, schema: TSchema | undefined): unknown {
  const value = ownValue(patch, name);
  if (value === null) return undefined;
  if (isObject(value)) return mergeObject(isObject(old) ? old : {}, value, schema);
  if (value !== undefined && !Array.isArray(value)) return value;
  return mergeList(Array.isArray(old) ? old : undefined, value, schema, {
    order: directiveList(patch, SET_ORDER + name),
    remove: directiveList(patch, DELETE_FROM + name),
  });
}

interface ListDirectives {
  readonly order: readonly unknown[] | undefined;
  readonly remove: readonly unknown[] | undefined;
}

function mergeList(
  old: readonly unknown[] | undefined,
  patch: readonly unknown[] | undefined,
  schema: TSchema | undefined,
  { order, remove }: ListDirectives,
): unknown[] | undefined {
  const rules = (schema ?? {}) as PatchSchema;
  const strategy = rules["x-kubernetes-patch-strategy"] ?? "";
  if (patch !== undefined && !strategy.includes("merge")) return patch.map(cleanValue);
  if (old === undefined && patch === undefined) return undefined;
  const removed = new Set(remove);
  const kept = (old ?? []).filter((item) => !removed.has(item));
  const changes = patch ?? [];
  const mergeKey = rules["x-kubernetes-patch-merge-key"];
  const merge = (item: Json, change: Json): Json => mergeObject(item, change, rules.items);
  const merged =
    mergeKey === undefined ? mergeSet(kept, changes) : mergeByKey(kept, changes, mergeKey, merge);
  return arrange(merged, { order: order ?? changes, patch, old: kept, mergeKey });
}

function directiveList(patch: Json, name: string): readonly unknown[] | undefined {
  const value = ownValue(patch, name);
  if (value === undefined || Array.isArray(value)) return value;
  throw badRequest(`invalid value for ${name}: expected a list`);
}

/** The original, without the fields that `$retainKeys` does not name. */
function retained(original: Json, patch: Json): Json {
  const keys = directiveList(patch, RETAIN_KEYS);
  if (keys === undefined) return { ...original };
  const retains = new Set(keys);
  for (const name of fieldsOf(patch)) {
    if (patch[name] !== null && !retains.has(name)) {
      throw badRequest(`invalid patch format of ${RETAIN_KEYS}: ${name} is not in the list`);
    }
  }
  return Object.fromEntries(Object.entries(original).filter(([name]) => retains.has(name)));
}

function fieldSchema(schema: TSchema | undefined, name: string): TSchema | undefined {
  const { properties, additionalProperties } = (schema ?? {}) as PatchSchema;
  if (properties !== undefined && Object.hasOwn(properties, name)) return properties[name];
  return additionalProperties;
}

/** New content of a patch: its directives and nulls are not data. */
function cleaned(patch: Json): Json {
  const result: Json = {};
  for (const [name, value] of Object.entries(patch)) {
    const isDirective = name === DIRECTIVE || name === RETAIN_KEYS || name.startsWith(SET_ORDER);
    if (isDirective || name.startsWith(DELETE_FROM) || value === null) continue;
    setOwn(result, name, cleanValue(value));
  }
  return result;
}

function cleanValue(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(cleanValue);
  return isObject(value) ? cleaned(value) : value;
}

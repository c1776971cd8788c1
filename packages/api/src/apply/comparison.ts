import { isEqual } from "../json.ts";
import { isObject } from "../patch/merge-patch.ts";
import {
  addChild,
  createFieldSet,
  type FieldSet,
  type FieldSetBuilder,
  isEmpty,
} from "./field-set.ts";
import { type FieldType, type ListType, resolveType } from "./field-type.ts";
import { itemsByElement } from "./list-items.ts";
import { fieldElement, type PathElement } from "./path-element.ts";

/** How two values differ. The order of sets and of lists with keys does not count. */
export interface Comparison {
  readonly added: FieldSet;
  readonly removed: FieldSet;
  readonly modified: FieldSet;
}

type Builder = { readonly [K in keyof Comparison]: FieldSetBuilder };
type MapType = Extract<FieldType, { form: "map" }>;

/** Compares two objects (source: structured-merge-diff's Compare). */
export function compareValues(type: FieldType, old: unknown, next: unknown): Comparison {
  const result = createBuilder();
  compareBelow(type, old, next, result);
  return result;
}

/** Whether nothing differs. */
export function isUnchanged({ added, removed, modified }: Comparison): boolean {
  return isEmpty(added) && isEmpty(removed) && isEmpty(modified);
}

/** Compares what is below a place; false when the place is compared as a whole. */
function compareBelow(type: FieldType, old: unknown, next: unknown, result: Builder): boolean {
  const resolved = resolveType(type, next ?? old);
  if (resolved.form === "map") return compareMaps(resolved, old, next, result);
  if (resolved.form === "list") return compareLists(resolved, old, next, result);
  return false;
}

function compareMaps(type: MapType, old: unknown, next: unknown, result: Builder): boolean {
  const before = old === undefined || old === null ? {} : old;
  const after = next === undefined || next === null ? {} : next;
  if (type.atomic || !isObject(before) || !isObject(after)) return false;
  const names = new Set([...Object.keys(before), ...Object.keys(after)]);
  if (names.size === 0) return false;
  for (const name of names) {
    const below = type.of(name);
    if (below === undefined) continue;
    const values = { old: own(before, name), next: own(after, name) };
    comparePlace(below, fieldElement(name), values, result);
  }
  return true;
}

function compareLists(type: ListType, old: unknown, next: unknown, result: Builder): boolean {
  const before = old ?? [];
  const after = next ?? [];
  if (type.relation === "atomic" || !Array.isArray(before) || !Array.isArray(after)) return false;
  if (before.length === 0 && after.length === 0) return false;
  const oldItems = itemsByElement(type, before);
  const nextItems = itemsByElement(type, after);
  for (const element of new Set([...oldItems.keys(), ...nextItems.keys()])) {
    compareItems(
      type,
      element,
      { old: oldItems.get(element), next: nextItems.get(element) },
      result,
    );
  }
  return true;
}

/** Items of one key: mostly one on each side; where it came more often all are compared. */
function compareItems(
  type: ListType,
  element: PathElement,
  { old, next }: { old: readonly unknown[] | undefined; next: readonly unknown[] | undefined },
  result: Builder,
): void {
  const isOne = (old?.length ?? 1) === 1 && (next?.length ?? 1) === 1;
  if (isOne) comparePlace(type.items, element, { old: old?.[0], next: next?.[0] }, result);
  else compareWhole(element, { old, next }, result);
}

interface Values {
  readonly old: unknown;
  readonly next: unknown;
}

function comparePlace(
  type: FieldType,
  element: PathElement,
  values: Values,
  result: Builder,
): void {
  const { old, next } = values;
  if (old === next) return;
  const below = createBuilder();
  if (!compareBelow(type, old, next, below)) {
    compareWhole(element, values, result);
    return;
  }
  for (const name of ["added", "removed", "modified"] as const) {
    addChild(result[name], element, below[name]);
  }
  if (old === undefined) result.added.members.add(element);
  else if (next === undefined) result.removed.members.add(element);
}

function compareWhole(element: PathElement, { old, next }: Values, result: Builder): void {
  if (old === undefined) result.added.members.add(element);
  else if (next === undefined) result.removed.members.add(element);
  else if (!isEqual(old, next)) result.modified.members.add(element);
}

function createBuilder(): Builder {
  return { added: createFieldSet(), removed: createFieldSet(), modified: createFieldSet() };
}

function own(object: Record<string, unknown>, name: string): unknown {
  return Object.hasOwn(object, name) ? object[name] : undefined;
}

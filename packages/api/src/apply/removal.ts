import { isObject, setOwn } from "../patch/merge-patch.ts";
import type { FieldSet } from "./field-set.ts";
import { type FieldType, type ListType, resolveType } from "./field-type.ts";
import { elementOf } from "./list-items.ts";
import { isLeaf } from "./owned-fields.ts";
import { fieldElement, type PathElement } from "./path-element.ts";

/**
 * A value without the paths of a set (source: structured-merge-diff's RemoveItems). Maps and lists
 * that this empties stay, empty: their own path may have an owner. The value is not changed.
 */
export function removeFields(type: FieldType, value: unknown, set: FieldSet): unknown {
  const resolved = resolveType(type, value);
  if (isLeaf(type, value)) return value;
  if (resolved.form === "map" && isObject(value)) return removeFromMap(resolved, value, set);
  if (resolved.form === "list" && Array.isArray(value)) return removeFromList(resolved, value, set);
  return value;
}

function removeFromMap(
  type: Extract<FieldType, { form: "map" }>,
  value: Record<string, unknown>,
  set: FieldSet,
): unknown {
  const result: Record<string, unknown> = {};
  for (const name of Object.keys(value)) {
    const left = removeAt(type.of(name), fieldElement(name), value[name], set);
    if (left !== undefined) setOwn(result, name, left);
  }
  return result;
}

function removeFromList(type: ListType, list: readonly unknown[], set: FieldSet): unknown {
  const result: unknown[] = [];
  for (const item of list) {
    const element = elementOf(type, item);
    const left = element === undefined ? item : removeAt(type.items, element, item, set);
    if (left !== undefined) result.push(left);
  }
  return result;
}

function removeAt(
  type: FieldType | undefined,
  element: PathElement,
  value: unknown,
  set: FieldSet,
): unknown {
  if (set.members.has(element)) return undefined;
  const below = set.children.get(element);
  return below === undefined || type === undefined ? value : removeFields(type, value, below);
}

import { isObject } from "../patch/merge-patch.ts";
import { addChild, createFieldSet, type FieldSet, NO_FIELDS } from "./field-set.ts";
import { type FieldType, type ListType, resolveType } from "./field-type.ts";
import { itemsByElement } from "./list-items.ts";
import { fieldElement, fieldNameOf } from "./path-element.ts";

/**
 * The paths a value sets: its scalars, what is owned as a whole, keys of maps and items of lists
 * (source: structured-merge-diff's ToFieldSet).
 */
export function ownedFields(type: FieldType, value: unknown): FieldSet {
  const resolved = resolveType(type, value);
  if (resolved.form === "map" && isObject(value)) return mapFields(resolved, value);
  if (resolved.form === "list" && Array.isArray(value)) return listFields(resolved, value);
  return NO_FIELDS;
}

/** Whether a value at a place of this type has one owner, and no paths below it. */
export function isLeaf(type: FieldType, value: unknown): boolean {
  const resolved = resolveType(type, value);
  if (resolved.form === "map") return resolved.atomic || !isObject(value);
  if (resolved.form === "list") return resolved.relation === "atomic" || !Array.isArray(value);
  return true;
}

/**
 * The set together with the fields that lead to its paths, as far as the schema declares them
 * (source: EnsureNamedFieldsAreMembers).
 */
export function withNamedFields(type: FieldType, set: FieldSet): FieldSet {
  const members = new Set(set.members);
  const result = { members, children: new Map<string, FieldSet>() };
  for (const [element, child] of set.children) {
    const name = fieldNameOf(element);
    const isDeclared = name !== undefined && type.form === "map" && type.declares(name);
    if (isDeclared) members.add(element);
    result.children.set(element, withNamedFields(childType(type, name), child));
  }
  return result;
}

function childType(type: FieldType, name: string | undefined): FieldType {
  const untyped: FieldType = { form: "untyped" };
  if (name === undefined) return type.form === "list" ? type.items : untyped;
  return (type.form === "map" ? type.of(name) : undefined) ?? untyped;
}

function mapFields(
  type: Extract<FieldType, { form: "map" }>,
  value: Record<string, unknown>,
): FieldSet {
  const set = createFieldSet();
  for (const name of Object.keys(value)) {
    const below = type.of(name);
    if (below === undefined) continue;
    const element = fieldElement(name);
    const item = value[name];
    if (isBlank(item) || !type.declares(name) || isLeaf(below, item)) set.members.add(element);
    if (!isLeaf(below, item)) addChild(set, element, ownedFields(below, item));
  }
  return set;
}

/** What is empty is owned itself: an applier of an empty list, too, wants it to be there. */
function isBlank(value: unknown): boolean {
  if (value === null) return true;
  return typeof value === "object" && Object.keys(value).length === 0;
}

function listFields(type: ListType, list: readonly unknown[]): FieldSet {
  const set = createFieldSet();
  for (const [element, items] of itemsByElement(type, list)) {
    set.members.add(element);
    const [item] = items;
    if (items.length === 1 && !isLeaf(type.items, item)) {
      addChild(set, element, ownedFields(type.items, item));
    }
  }
  return set;
}

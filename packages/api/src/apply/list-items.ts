import type { ListType } from "./field-type.ts";
import { keyElement, type PathElement, valueElement } from "./path-element.ts";

/** The items of a list by the step that leads to them; more than one where keys come twice. */
export type ItemsByElement = ReadonlyMap<PathElement, readonly unknown[]>;

/**
 * The step to an item of a set or of a list with keys; undefined when it lacks a key that has no
 * default (`missing` then names it).
 */
export function elementOf(type: ListType, item: unknown): PathElement | undefined {
  if (type.relation === "set") return valueElement(item);
  const fields: (readonly [string, unknown])[] = [];
  for (const [name, fallback] of type.keys) {
    const value = keyOf(item, name) ?? fallback;
    if (value === undefined) return undefined;
    fields.push([name, value]);
  }
  return keyElement(fields);
}

/** The name of a key that an item lacks; undefined when it has all. */
export function missingKey(type: ListType, item: unknown): string | undefined {
  if (type.relation !== "map") return undefined;
  const missing = type.keys.find(
    ([name, fallback]) => (keyOf(item, name) ?? fallback) === undefined,
  );
  return missing?.[0];
}

/** Sorts the items of a list to the steps that lead to them; items that lack a key are left out. */
export function itemsByElement(type: ListType, list: readonly unknown[]): ItemsByElement {
  const items = new Map<PathElement, unknown[]>();
  for (const item of list) {
    const element = elementOf(type, item);
    if (element === undefined) continue;
    const known = items.get(element);
    if (known === undefined) items.set(element, [item]);
    else known.push(item);
  }
  return items;
}

function keyOf(item: unknown, name: string): unknown {
  if (typeof item !== "object" || item === null || !Object.hasOwn(item, name)) return undefined;
  return (item as Record<string, unknown>)[name] ?? undefined;
}

import {
  duplicate,
  invalidValue,
  type JSONSchemaProps,
  type StatusCause,
  tooMany,
} from "@kubehop/api";
import type { Judge, Place } from "./value-rules.ts";

/** What a schema finds wrong with a list and its items. */
export function listCauses(items: readonly unknown[], place: Place, judge: Judge): StatusCause[] {
  const { schema, path, old } = place;
  const causes = [
    ...sizeCauses(items.length, schema, path),
    ...listTypeCauses(items, schema, path),
  ];
  const { items: itemSchema } = schema;
  if (itemSchema === undefined || Array.isArray(itemSchema)) return causes;
  const before = oldItems(old, schema);
  for (const [index, value] of items.entries()) {
    const previous = before(value);
    const child = { value, schema: itemSchema, path: `${path}[${index}]` };
    causes.push(...judge({ ...child, ...(previous !== undefined && { old: previous }) }));
  }
  return causes;
}

/** Finds the item a map list had before under the same keys; other lists' items have no past. */
export function oldItems(old: unknown, schema: JSONSchemaProps): (item: unknown) => unknown {
  if (!Array.isArray(old) || schema["x-kubernetes-list-type"] !== "map") return () => undefined;
  const byKeys = new Map(old.map((item) => [canonical(keysOf(item, schema)), item as unknown]));
  return (item) => byKeys.get(canonical(keysOf(item, schema)));
}

function sizeCauses(length: number, schema: JSONSchemaProps, path: string): StatusCause[] {
  const { maxItems, minItems = 0 } = schema;
  const causes: StatusCause[] = [];
  if (maxItems !== undefined && length > maxItems) causes.push(tooMany(path, length, maxItems));
  if (length < minItems) {
    const why = `${path} in body should have at least ${minItems} items`;
    causes.push(invalidValue(path, length, why));
  }
  return causes;
}

/** The items of a set differ from one another, those of a map in their keys. */
function listTypeCauses(
  items: readonly unknown[],
  schema: JSONSchemaProps,
  path: string,
): StatusCause[] {
  const type = schema["x-kubernetes-list-type"];
  if (type !== "set" && type !== "map") return [];
  const seen = new Set<string>();
  return items.flatMap((item, index) => {
    const shown = type === "map" ? keysOf(item, schema) : item;
    const text = canonical(shown);
    if (seen.has(text)) return [duplicate(`${path}[${index}]`, shown)];
    seen.add(text);
    return [];
  });
}

function keysOf(item: unknown, schema: JSONSchemaProps): Record<string, unknown> {
  const fields = isRecord(item) ? item : {};
  const keys = schema["x-kubernetes-list-map-keys"] ?? [];
  return Object.fromEntries(keys.filter((key) => key in fields).map((key) => [key, fields[key]]));
}

/** JSON with the fields in order, so that equal values have equal texts. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, part: unknown) =>
    isRecord(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  );
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

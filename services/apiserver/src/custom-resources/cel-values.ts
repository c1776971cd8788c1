import type { JSONSchemaProps } from "@kubehop/api";

/** Names CEL keeps for itself; a field of such a name is escaped. */
const RESERVED = new Set(
  (
    "true false null in as break const continue else for function if import let loop package " +
    "namespace return var void while"
  ).split(" "),
);

/**
 * A value as CEL sees it: integers of the schema are ints, names of its fields are escaped
 * (source: apiextensions docs, "Escaping").
 */
export function toCel(value: unknown, schema: JSONSchemaProps): unknown {
  if (typeof value === "number") {
    const isInt = schema.type === "integer" || schema["x-kubernetes-int-or-string"] === true;
    return isInt && Number.isInteger(value) ? BigInt(value) : value;
  }
  if (Array.isArray(value)) {
    const { items } = schema;
    const known = items === undefined || Array.isArray(items) ? {} : items;
    return value.map((item) => toCel(item, known));
  }
  if (typeof value !== "object" || value === null) return value;
  const { properties = {}, additionalProperties } = schema;
  const others = typeof additionalProperties === "object" ? additionalProperties : {};
  return new Map(
    Object.entries(value).map(([name, field]) => {
      const property = Object.hasOwn(properties, name) ? properties[name] : undefined;
      return property === undefined
        ? [name, toCel(field, others)]
        : [escaped(name), toCel(field, property)];
    }),
  );
}

/** How many items the longest list or map in a value has. */
export function longest(value: unknown): number {
  if (typeof value !== "object" || value === null) return 0;
  const parts = Object.values(value);
  return parts.reduce<number>((most, part) => Math.max(most, longest(part)), parts.length);
}

function escaped(name: string): string {
  if (RESERVED.has(name)) return `__${name}__`;
  return name
    .replaceAll("__", "__underscores__")
    .replaceAll(".", "__dot__")
    .replaceAll("-", "__dash__")
    .replaceAll("/", "__slash__");
}

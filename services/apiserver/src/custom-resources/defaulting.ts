import type { JSONSchemaProps } from "@kubehop/api";

/**
 * Sets the defaults of a structural schema in an object, which it changes. A null where none is
 * allowed counts as absent (source: apiextensions pkg/apiserver/schema/defaulting).
 */
export function applyDefaults(value: unknown, schema: JSONSchemaProps): void {
  if (Array.isArray(value)) {
    const { items } = schema;
    if (items === undefined || Array.isArray(items)) return;
    for (const item of value) applyDefaults(item, items);
  } else if (typeof value === "object" && value !== null) {
    defaultFields(value as Record<string, unknown>, schema);
  }
}

function defaultFields(fields: Record<string, unknown>, schema: JSONSchemaProps): void {
  const { properties = {}, additionalProperties } = schema;
  for (const [name, property] of Object.entries(properties)) {
    if (fields[name] === null && property.nullable !== true) delete fields[name];
    if (!Object.hasOwn(fields, name) && property.default !== undefined) {
      fields[name] = structuredClone(property.default);
    }
    if (Object.hasOwn(fields, name)) applyDefaults(fields[name], property);
  }
  if (typeof additionalProperties !== "object") return;
  for (const [name, value] of Object.entries(fields)) {
    if (!Object.hasOwn(properties, name)) applyDefaults(value, additionalProperties);
  }
}

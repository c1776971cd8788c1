import {
  invalidValue,
  type JSONSchemaProps,
  required,
  type StatusCause,
  tooMany,
} from "@kubehop/api";
import type { Judge, Place } from "./value-rules.ts";

/** What a schema finds wrong with an object and its fields. */
export function objectCauses(
  fields: Readonly<Record<string, unknown>>,
  place: Place,
  judge: Judge,
): StatusCause[] {
  const { schema, path, old } = place;
  return [
    ...sizeCauses(Object.keys(fields).length, schema, path),
    ...requiredOf(schema)
      .filter((name) => !Object.hasOwn(fields, name))
      .map((name) => required(childPath(path, name))),
    ...Object.entries(fields).flatMap(([name, value]) => {
      const child = schemaOf(schema, name);
      if (child === undefined) return [];
      const before = fieldOf(old, name);
      const at = childPath(path, name);
      return judge({
        value,
        schema: child,
        path: at,
        ...(before !== undefined && { old: before }),
      });
    }),
  ];
}

function sizeCauses(size: number, schema: JSONSchemaProps, path: string): StatusCause[] {
  const { maxProperties, minProperties = 0 } = schema;
  const causes: StatusCause[] = [];
  if (maxProperties !== undefined && size > maxProperties) {
    causes.push(tooMany(path, size, maxProperties));
  }
  if (size < minProperties) {
    const why = `${path} in body should have at least ${minProperties} properties`;
    causes.push(invalidValue(path, size, why));
  }
  return causes;
}

function requiredOf(schema: JSONSchemaProps): readonly string[] {
  const names = schema.required ?? [];
  return schema["x-kubernetes-embedded-resource"] === true
    ? [...new Set([...names, "apiVersion", "kind"])]
    : names;
}

/** The schema of a field; undefined when nothing is said about it. */
export function schemaOf(
  { properties = {}, additionalProperties }: JSONSchemaProps,
  name: string,
): JSONSchemaProps | undefined {
  if (Object.hasOwn(properties, name)) return properties[name];
  return typeof additionalProperties === "object" ? additionalProperties : undefined;
}

/** A field of a value that may be no object. */
export function fieldOf(value: unknown, name: string): unknown {
  if (typeof value !== "object" || value === null || !Object.hasOwn(value, name)) return undefined;
  return (value as Readonly<Record<string, unknown>>)[name];
}

/** The path of a field, as upstream writes it. */
export function childPath(path: string, name: string): string {
  return path === "" ? name : `${path}.${name}`;
}

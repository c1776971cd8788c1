import { forbiddenField, type JSONSchemaProps, required, type StatusCause } from "@kubehop/api";
import { isDeepStrictEqual } from "node:util";

const INT_OR_STRING: readonly JSONSchemaProps[] = [{ type: "integer" }, { type: "string" }];

/** What may only be said outside of allOf, anyOf, oneOf and not, and what to say of it. */
const OUTSIDE_ONLY: readonly (readonly [keyof JSONSchemaProps, string])[] = [
  ["type", "must be empty to be structural"],
  ["additionalProperties", "must be undefined to be structural"],
  ["default", "must be undefined to be structural"],
  ["title", "must be empty to be structural"],
  ["description", "must be empty to be structural"],
  ["nullable", "must be false to be structural"],
  ["x-kubernetes-preserve-unknown-fields", "must be false to be structural"],
  ["x-kubernetes-embedded-resource", "must be false to be structural"],
  ["x-kubernetes-int-or-string", "must be false to be structural"],
  ["x-kubernetes-list-map-keys", "must be empty to be structural"],
  ["x-kubernetes-list-type", "must be undefined to be structural"],
  ["x-kubernetes-map-type", "must be undefined to be structural"],
  ["x-kubernetes-validations", "must be empty to be structural"],
];

/** What is wrong with the schemas under allOf, anyOf, oneOf and not of a structural schema. */
export function junctorSchemaCauses(schema: JSONSchemaProps, field: string): StatusCause[] {
  return junctorsOf(schema, field).flatMap(([nested, at]) => [
    ...nestedCauses(nested, at),
    ...missingCauses(nested, schema, { at, field }),
  ]);
}

function junctorsOf(schema: JSONSchemaProps, field: string): [JSONSchemaProps, string][] {
  const { allOf = [], anyOf = [], oneOf = [], not } = schema;
  const found: [JSONSchemaProps, string][] = [];
  for (const [index, one] of allOf.entries()) found.push([one, `${field}.allOf[${index}]`]);
  if (!isIntOrString(schema, anyOf)) {
    for (const [index, one] of anyOf.entries()) found.push([one, `${field}.anyOf[${index}]`]);
  }
  for (const [index, one] of oneOf.entries()) found.push([one, `${field}.oneOf[${index}]`]);
  if (not !== undefined) found.push([not, `${field}.not`]);
  return found;
}

function isIntOrString(schema: JSONSchemaProps, anyOf: readonly JSONSchemaProps[]): boolean {
  return schema["x-kubernetes-int-or-string"] === true && isDeepStrictEqual(anyOf, INT_OR_STRING);
}

function nestedCauses(schema: JSONSchemaProps, field: string): StatusCause[] {
  const causes = OUTSIDE_ONLY.filter(([name]) => isSet(schema[name])).map(([name, why]) =>
    forbiddenField(`${field}.${name}`, why),
  );
  if (schema.properties?.["metadata"] !== undefined) {
    const why = "must not be specified in a nested context";
    causes.push(forbiddenField(`${field}.properties[metadata]`, why));
  }
  for (const [nested, at] of [...junctorsOf(schema, field), ...childrenOf(schema, field)]) {
    causes.push(...nestedCauses(nested, at));
  }
  return causes;
}

function isSet(value: unknown): boolean {
  if (Array.isArray(value)) return value.length > 0;
  return value !== undefined && value !== "" && value !== false;
}

function childrenOf(schema: JSONSchemaProps, field: string): [JSONSchemaProps, string][] {
  const { items, properties = {} } = schema;
  const children = Object.entries(properties).map(([name, property]): [JSONSchemaProps, string] => [
    property,
    `${field}.properties[${name}]`,
  ]);
  if (items !== undefined && !Array.isArray(items)) children.push([items, `${field}.items`]);
  return children;
}

/** A field that a nested schema speaks of must be described outside of it, too. */
function missingCauses(
  nested: JSONSchemaProps,
  outer: JSONSchemaProps,
  { at, field }: { readonly at: string; readonly field: string },
): StatusCause[] {
  const missing = "because it is defined in";
  const causes: StatusCause[] = [];
  for (const [name, property] of Object.entries(nested.properties ?? {})) {
    const described = outer.properties?.[name];
    const where = { at: `${at}.properties[${name}]`, field: `${field}.properties[${name}]` };
    if (described !== undefined) causes.push(...missingCauses(property, described, where));
    else causes.push(required(where.field, `${missing} ${where.at}`));
  }
  const { items } = nested;
  if (items === undefined || Array.isArray(items)) return causes;
  const where = { at: `${at}.items`, field: `${field}.items` };
  if (outer.items === undefined)
    return [...causes, required(where.field, `${missing} ${where.at}`)];
  return Array.isArray(outer.items)
    ? causes
    : [...causes, ...missingCauses(items, outer.items, where)];
}

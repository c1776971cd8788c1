import { forbiddenField, invalidValue, type JSONSchemaProps, type StatusCause } from "@kubehop/api";
import { pruningDecoder } from "./pruning.ts";
import { valueCauses } from "./value-rules.ts";

/** Defaults of a structural schema must fit it: of the right type, valid, without unknown fields. */
export function defaultCauses(schema: JSONSchemaProps, field: string): StatusCause[] {
  const causes = schema.default === undefined ? [] : ownCauses(schema, `${field}.default`);
  const { items, properties = {}, additionalProperties } = schema;
  for (const [name, property] of Object.entries(properties)) {
    causes.push(...defaultCauses(property, `${field}.properties[${name}]`));
  }
  if (typeof additionalProperties === "object") {
    causes.push(...defaultCauses(additionalProperties, `${field}.additionalProperties`));
  }
  if (items !== undefined && !Array.isArray(items)) {
    causes.push(...defaultCauses(items, `${field}.items`));
  }
  return causes;
}

function ownCauses(schema: JSONSchemaProps, field: string): StatusCause[] {
  const { default: value } = schema;
  if (field.endsWith("openAPIV3Schema.default")) {
    return [forbiddenField(field, "must not be set at the root")];
  }
  const trail = { path: [], unknown: [] as string[] };
  const holder: JSONSchemaProps = { type: "object", properties: { default: schema } };
  pruningDecoder(holder)({ default: value }, trail);
  if (trail.unknown.length > 0) return [invalidValue(field, value, "must not have unknown fields")];
  return valueCauses({ value, schema, path: field });
}

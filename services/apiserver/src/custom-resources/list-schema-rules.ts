import {
  invalidValue,
  type JSONSchemaProps,
  notSupported,
  required,
  type StatusCause,
} from "@kubehop/api";

const LIST_TYPES = ["atomic", "map", "set"];

/** What is wrong with what a schema says of a list. */
export function listSchemaCauses(schema: JSONSchemaProps, field: string): StatusCause[] {
  const causes: StatusCause[] = [];
  if (schema.type === "array" && schema.items === undefined) {
    causes.push(required(`${field}.items`, "must be specified"));
  }
  return [...causes, ...listTypeCauses(schema, field), ...keyCauses(schema, field)];
}

function listTypeCauses(schema: JSONSchemaProps, field: string): StatusCause[] {
  const listType = schema["x-kubernetes-list-type"];
  if (listType === undefined) return [];
  const causes: StatusCause[] = [];
  if (!LIST_TYPES.includes(listType)) {
    causes.push(notSupported(`${field}.x-kubernetes-list-type`, listType, LIST_TYPES));
  }
  if (schema.type !== "array") {
    const why = "must be array if x-kubernetes-list-type is specified";
    causes.push(invalidValue(`${field}.type`, schema.type ?? "", why));
  }
  return causes;
}

function keyCauses(schema: JSONSchemaProps, field: string): StatusCause[] {
  const keys = schema["x-kubernetes-list-map-keys"] ?? [];
  const at = `${field}.x-kubernetes-list-map-keys`;
  if (schema["x-kubernetes-list-type"] !== "map") {
    const why = "must be empty if x-kubernetes-list-type is not map";
    return keys.length === 0 ? [] : [invalidValue(at, keys, why)];
  }
  if (keys.length === 0) {
    return [required(at, "must not be empty if x-kubernetes-list-type is map")];
  }
  const { items } = schema;
  if (items === undefined || Array.isArray(items)) return [];
  if (items.type !== "object") {
    const why = "must be object if parent array's x-kubernetes-list-type is map";
    return [invalidValue(`${field}.items.type`, items.type ?? "", why)];
  }
  return keys.flatMap((key, index) => itemKeyCauses(items, key, { index, field }));
}

function itemKeyCauses(
  items: JSONSchemaProps,
  key: string,
  { index, field }: { readonly index: number; readonly field: string },
): StatusCause[] {
  const property = items.properties?.[key];
  if (property === undefined) {
    const at = `${field}.x-kubernetes-list-map-keys[${index}]`;
    return [invalidValue(at, key, "entries must all be names of item properties")];
  }
  if (items.required?.includes(key) === true || property.default !== undefined) return [];
  const why =
    "this property is in x-kubernetes-list-map-keys, so it must have a default or be a " +
    "required property";
  return [required(`${field}.items.properties[${key}].default`, why)];
}

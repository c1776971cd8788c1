import {
  forbiddenField,
  invalidValue,
  type JSONSchemaProps,
  notSupported,
  required,
  type StatusCause,
} from "@kubehop/api";
import { isDeepStrictEqual } from "node:util";
import { junctorSchemaCauses } from "./junctor-rules.ts";
import { problemOf } from "./pattern.ts";
import { defaultCauses } from "./default-rules.ts";
import { extensionCauses } from "./extension-rules.ts";
import { listSchemaCauses } from "./list-schema-rules.ts";
import { validationRuleCauses } from "./validation-rules.ts";

/** Where in a schema another one stands. */
type Level = "root" | "item" | "field";

const TYPES = ["array", "boolean", "integer", "number", "object", "string"];

/** What upstream's CRDs may not use, as its texts name it. */
const UNSUPPORTED = [
  "$ref",
  "$schema",
  "id",
  "patternProperties",
  "additionalItems",
  "definitions",
  "dependencies",
] as const;

const NEEDS_TYPE: Readonly<Record<Level, string>> = {
  root: "must not be empty at the root",
  item: "must not be empty for specified array items",
  field: "must not be empty for specified object fields",
};

/**
 * What makes a schema no structural one, in upstream's words (source: apiextensions
 * pkg/apiserver/schema/validation.go and pkg/apis/apiextensions/validation).
 */
export function schemaCauses(schema: JSONSchemaProps, field: string): StatusCause[] {
  const causes = levelCauses(schema, "root", field);
  return causes.length > 0 ? causes : defaultCauses(schema, field);
}

function levelCauses(schema: JSONSchemaProps, level: Level, field: string): StatusCause[] {
  return [
    ...unsupportedCauses(schema, field),
    ...typeCauses(schema, level, field),
    ...extensionCauses(schema, field),
    ...listSchemaCauses(schema, field),
    ...metadataCauses(schema, level, field),
    ...patternCauses(schema, field),
    ...junctorSchemaCauses(schema, field),
    ...validationRuleCauses(schema, field),
    ...childCauses(schema, level, field),
  ];
}

function unsupportedCauses(schema: JSONSchemaProps, field: string): StatusCause[] {
  const causes = UNSUPPORTED.filter((name) => schema[name] !== undefined).map((name) =>
    forbiddenField(`${field}.${name}`, `${name} is not supported`),
  );
  if (schema.uniqueItems === true) {
    const why = "uniqueItems cannot be set to true since the runtime complexity becomes quadratic";
    causes.push(forbiddenField(`${field}.uniqueItems`, why));
  }
  if (schema.additionalProperties === false) {
    const why = "additionalProperties cannot be set to false";
    causes.push(forbiddenField(`${field}.additionalProperties`, why));
  }
  if (Array.isArray(schema.items)) {
    const why = "items must be a schema object and not an array";
    causes.push(forbiddenField(`${field}.items`, why));
  }
  if (schema.properties !== undefined && schema.additionalProperties !== undefined) {
    const why = "additionalProperties and properties are mutual exclusive";
    causes.push(forbiddenField(`${field}.additionalProperties`, why));
  }
  return causes;
}

function typeCauses(schema: JSONSchemaProps, level: Level, field: string): StatusCause[] {
  const { type = "" } = schema;
  const at = `${field}.type`;
  if (type === "") {
    if (schema["x-kubernetes-embedded-resource"] === true) {
      return [required(at, "must be object if x-kubernetes-embedded-resource is true")];
    }
    const needless =
      schema["x-kubernetes-int-or-string"] === true ||
      schema["x-kubernetes-preserve-unknown-fields"] === true;
    return needless ? [] : [required(at, NEEDS_TYPE[level])];
  }
  if (!TYPES.includes(type)) return [notSupported(at, type, TYPES)];
  if (level === "root" && type !== "object") {
    return [invalidValue(at, type, "must be object at the root")];
  }
  if (schema["x-kubernetes-embedded-resource"] === true && type !== "object") {
    return [invalidValue(at, type, "must be object if x-kubernetes-embedded-resource is true")];
  }
  if (schema["x-kubernetes-int-or-string"] === true) {
    return [invalidValue(at, type, "must be empty if x-kubernetes-int-or-string is true")];
  }
  return [];
}

function metadataCauses(schema: JSONSchemaProps, level: Level, field: string): StatusCause[] {
  if (level !== "root" && schema["x-kubernetes-embedded-resource"] !== true) return [];
  const { metadata } = schema.properties ?? {};
  const causes = (["kind", "apiVersion"] as const).flatMap((name) => {
    const property = schema.properties?.[name];
    if (property === undefined || property.type === "string") return [];
    return [
      invalidValue(`${field}.properties[${name}].type`, property.type ?? "", "must be string"),
    ];
  });
  if (metadata === undefined) return causes;
  const at = `${field}.properties[metadata]`;
  if (metadata.type !== "object") {
    causes.push(invalidValue(`${at}.type`, metadata.type ?? "", "must be object"));
  }
  if (level === "root" && restrictsMore(metadata)) {
    const why =
      "must not specify anything other than name and generateName, but metadata is implicitly " +
      "specified";
    causes.push(forbiddenField(at, why));
  }
  return causes;
}

function restrictsMore(metadata: JSONSchemaProps): boolean {
  const said = Object.keys(metadata).filter((word) => !["type", "description"].includes(word));
  const names = Object.keys(metadata.properties ?? {});
  const others = names.some((name) => name !== "name" && name !== "generateName");
  return others || said.some((word) => word !== "properties");
}

function patternCauses({ pattern = "" }: JSONSchemaProps, field: string): StatusCause[] {
  const problem = pattern === "" ? undefined : problemOf(pattern);
  if (problem === undefined) return [];
  const why = `must be a valid regular expression, but isn't: ${problem}`;
  return [invalidValue(`${field}.pattern`, pattern, why)];
}

function childCauses(schema: JSONSchemaProps, level: Level, field: string): StatusCause[] {
  const { items, properties = {}, additionalProperties } = schema;
  const causes: StatusCause[] = [];
  if (items !== undefined && !Array.isArray(items)) {
    causes.push(...levelCauses(items, "item", `${field}.items`));
  }
  for (const [name, property] of Object.entries(properties)) {
    const isImplicit = level === "root" && name === "metadata";
    if (!isImplicit) causes.push(...levelCauses(property, "field", `${field}.properties[${name}]`));
  }
  if (additionalProperties === undefined || isDeepStrictEqual(additionalProperties, false)) {
    return causes;
  }
  if (level === "root") {
    causes.push(forbiddenField(`${field}.additionalProperties`, "must not be used at the root"));
  }
  if (typeof additionalProperties === "object") {
    causes.push(...levelCauses(additionalProperties, "field", `${field}.additionalProperties`));
  }
  return causes;
}

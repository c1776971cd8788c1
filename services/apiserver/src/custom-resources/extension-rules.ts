import {
  invalidValue,
  type JSONSchemaProps,
  notSupported,
  required,
  type StatusCause,
} from "@kubehop/api";

const MAP_TYPES = ["atomic", "granular"];

/** What is wrong with the `x-kubernetes-…` words of a schema, those of lists left out. */
export function extensionCauses(schema: JSONSchemaProps, field: string): StatusCause[] {
  return [...unknownFieldCauses(schema, field), ...mapTypeCauses(schema, field)];
}

function unknownFieldCauses(schema: JSONSchemaProps, field: string): StatusCause[] {
  const preserves = schema["x-kubernetes-preserve-unknown-fields"];
  const at = `${field}.x-kubernetes-preserve-unknown-fields`;
  if (preserves === false) return [invalidValue(at, false, "must be true or undefined")];
  const isIntOrString = schema["x-kubernetes-int-or-string"] === true;
  const isEmbedded = schema["x-kubernetes-embedded-resource"] === true;
  const whyNot = "must be false if x-kubernetes-int-or-string is true";
  const causes: StatusCause[] = [];
  if (isIntOrString && preserves === true) causes.push(invalidValue(at, true, whyNot));
  if (isIntOrString && isEmbedded) {
    causes.push(invalidValue(`${field}.x-kubernetes-embedded-resource`, true, whyNot));
  }
  if (isEmbedded && preserves !== true && Object.keys(schema.properties ?? {}).length === 0) {
    const why =
      "must not be empty if x-kubernetes-embedded-resource is true without " +
      "x-kubernetes-preserve-unknown-fields";
    causes.push(required(`${field}.properties`, why));
  }
  return causes;
}

function mapTypeCauses(schema: JSONSchemaProps, field: string): StatusCause[] {
  const mapType = schema["x-kubernetes-map-type"];
  if (mapType === undefined) return [];
  const causes: StatusCause[] = [];
  if (!MAP_TYPES.includes(mapType)) {
    causes.push(notSupported(`${field}.x-kubernetes-map-type`, mapType, MAP_TYPES));
  }
  if (schema.type !== "object") {
    const why = "must be object if x-kubernetes-map-type is specified";
    causes.push(invalidValue(`${field}.type`, schema.type ?? "", why));
  }
  return causes;
}

import {
  type CustomResourceColumnDefinition,
  type CustomResourceDefinitionVersion,
  type CustomResourceSubresourceScale,
  invalidValue,
  isDNS1035Label,
  required,
  type StatusCause,
  tooMany,
} from "@kubehop/api";
import { parseJsonPath } from "./json-path.ts";
import { schemaCauses } from "./schema-rules.ts";

const COLUMN_TYPES = ["boolean", "date", "integer", "number", "string"];
const COLUMN_FORMATS = "int32 int64 float double byte date date-time password".split(" ");
/** Most fields that selectors may name (upstream's limit). */
const SELECTABLE_LIMIT = 8;
const SIMPLE = "must be a simple json path starting with .";

/** What is wrong with one version of a CustomResourceDefinition. */
export function versionCauses(
  version: CustomResourceDefinitionVersion,
  field: string,
): StatusCause[] {
  const { name = "", schema, additionalPrinterColumns = [], subresources } = version;
  const causes = isDNS1035Label(name).map((why) => invalidValue(`${field}.name`, name, why));
  const schemaAt = `${field}.schema.openAPIV3Schema`;
  if (schema?.openAPIV3Schema === undefined)
    causes.push(required(schemaAt, "schemas are required"));
  else causes.push(...schemaCauses(schema.openAPIV3Schema, schemaAt));
  if (version.deprecationWarning !== undefined && version.deprecated !== true) {
    const why = "can only be set for deprecated versions";
    causes.push(invalidValue(`${field}.deprecationWarning`, version.deprecationWarning, why));
  }
  for (const [index, column] of additionalPrinterColumns.entries()) {
    causes.push(...columnCauses(column, `${field}.additionalPrinterColumns[${index}]`));
  }
  if (subresources?.scale !== undefined) {
    causes.push(...scaleCauses(subresources.scale, `${field}.subresources.scale`));
  }
  return [...causes, ...selectableCauses(version, field)];
}

function columnCauses(column: CustomResourceColumnDefinition, field: string): StatusCause[] {
  const { name = "", type = "", format = "", jsonPath = "" } = column;
  const causes: StatusCause[] = [];
  if (name === "") causes.push(required(`${field}.name`));
  if (type === "")
    causes.push(required(`${field}.type`, `must be one of ${COLUMN_TYPES.join(",")}`));
  else if (!COLUMN_TYPES.includes(type)) {
    causes.push(invalidValue(`${field}.type`, type, `must be one of ${COLUMN_TYPES.join(",")}`));
  }
  if (format !== "" && !COLUMN_FORMATS.includes(format)) {
    const why = `must be one of ${COLUMN_FORMATS.join(",")}`;
    causes.push(invalidValue(`${field}.format`, format, why));
  }
  if (jsonPath === "") causes.push(required(`${field}.JSONPath`));
  else if (parseJsonPath(jsonPath) === undefined) {
    causes.push(invalidValue(`${field}.JSONPath`, jsonPath, SIMPLE));
  }
  return causes;
}

function scaleCauses(scale: CustomResourceSubresourceScale, field: string): StatusCause[] {
  const { specReplicasPath = "", statusReplicasPath = "", labelSelectorPath = "" } = scale;
  return [
    ...placeCauses(specReplicasPath, [".spec."], `${field}.specReplicasPath`),
    ...placeCauses(statusReplicasPath, [".status."], `${field}.statusReplicasPath`),
    ...(labelSelectorPath === ""
      ? []
      : placeCauses(labelSelectorPath, [".spec.", ".status."], `${field}.labelSelectorPath`)),
  ];
}

function placeCauses(path: string, roots: readonly string[], field: string): StatusCause[] {
  if (path === "") return [required(field)];
  const plain = parseJsonPath(path)?.fields;
  if (plain === undefined) return [invalidValue(field, path, SIMPLE)];
  if (roots.some((root) => path.startsWith(root))) return [];
  const either = roots.map((root) => root.slice(0, -1)).join(" or ");
  return [invalidValue(field, path, `should be a json path under ${either}`)];
}

function selectableCauses(
  { selectableFields = [] }: CustomResourceDefinitionVersion,
  field: string,
): StatusCause[] {
  const causes: StatusCause[] = [];
  if (selectableFields.length > SELECTABLE_LIMIT) {
    const count = selectableFields.length;
    causes.push(tooMany(`${field}.selectableFields`, count, SELECTABLE_LIMIT));
  }
  for (const [index, { jsonPath = "" }] of selectableFields.entries()) {
    const at = `${field}.selectableFields[${index}].jsonPath`;
    if (jsonPath === "") causes.push(required(at));
    else if (parseJsonPath(jsonPath)?.fields === undefined) {
      causes.push(invalidValue(at, jsonPath, SIMPLE));
    } else if (jsonPath.startsWith(".metadata")) {
      const why = "must not point to fields in metadata";
      causes.push(invalidValue(at, jsonPath, why));
    }
  }
  return causes;
}

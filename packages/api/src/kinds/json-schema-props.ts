import {
  anyJson,
  bool,
  choice,
  int64,
  list,
  map,
  number,
  object,
  recursive,
  text,
  type SchemaOf,
} from "../schema.ts";

/** A rule in the Common Expression Language about the value at its place. */
export interface ValidationRule {
  rule?: string;
  message?: string;
  messageExpression?: string;
  reason?: string;
  fieldPath?: string;
  optionalOldSelf?: boolean;
}

/** A JSON schema as CustomResourceDefinitions hold it: OpenAPI v3.0 with extensions. */
export interface JSONSchemaProps {
  id?: string;
  $schema?: string;
  $ref?: string;
  description?: string;
  type?: string;
  format?: string;
  title?: string;
  default?: unknown;
  maximum?: number;
  exclusiveMaximum?: boolean;
  minimum?: number;
  exclusiveMinimum?: boolean;
  maxLength?: number;
  minLength?: number;
  pattern?: string;
  maxItems?: number;
  minItems?: number;
  uniqueItems?: boolean;
  multipleOf?: number;
  enum?: unknown[];
  maxProperties?: number;
  minProperties?: number;
  required?: string[];
  items?: JSONSchemaProps | JSONSchemaProps[];
  allOf?: JSONSchemaProps[];
  oneOf?: JSONSchemaProps[];
  anyOf?: JSONSchemaProps[];
  not?: JSONSchemaProps;
  properties?: Record<string, JSONSchemaProps>;
  additionalProperties?: JSONSchemaProps | boolean;
  patternProperties?: Record<string, JSONSchemaProps>;
  dependencies?: Record<string, JSONSchemaProps | string[]>;
  additionalItems?: JSONSchemaProps | boolean;
  definitions?: Record<string, JSONSchemaProps>;
  externalDocs?: { description?: string; url?: string };
  example?: unknown;
  nullable?: boolean;
  "x-kubernetes-preserve-unknown-fields"?: boolean;
  "x-kubernetes-embedded-resource"?: boolean;
  "x-kubernetes-int-or-string"?: boolean;
  "x-kubernetes-list-map-keys"?: string[];
  "x-kubernetes-list-type"?: string;
  "x-kubernetes-map-type"?: string;
  "x-kubernetes-validations"?: ValidationRule[];
}

const self: SchemaOf<JSONSchemaProps> = recursive<JSONSchemaProps>(
  "JSONSchemaProps",
  () => JSONSchemaPropsSchema,
);
const several = list(self, "", { listType: "atomic" });
const selfOrBool = choice<JSONSchemaProps | boolean>([self, bool("")], "A schema, or a boolean.");

/** Schema of JSONSchemaProps. */
export const JSONSchemaPropsSchema: SchemaOf<JSONSchemaProps> = object<JSONSchemaProps>(
  "JSONSchemaProps",
  "JSON schema of a value (OpenAPI v3.0, with Kubernetes' extensions).",
  {
    id: text("Not supported."),
    $schema: text("Not supported."),
    $ref: text("Not supported."),
    description: text("What the value means."),
    type: text("array, boolean, integer, number, object or string."),
    format: text("Format of a string or number, such as date-time."),
    title: text("A title."),
    default: anyJson("Value that is set when the field is absent."),
    maximum: number("Most a number may be."),
    exclusiveMaximum: bool("A number must be less than maximum."),
    minimum: number("Least a number may be."),
    exclusiveMinimum: bool("A number must be greater than minimum."),
    maxLength: int64("Most characters of a string."),
    minLength: int64("Fewest characters of a string."),
    pattern: text("Regular expression that a string must match."),
    maxItems: int64("Most items of a list."),
    minItems: int64("Fewest items of a list."),
    uniqueItems: bool("Not supported; use x-kubernetes-list-type: set."),
    multipleOf: number("A number must be a multiple of this."),
    enum: list(anyJson(""), "The values allowed.", { listType: "atomic" }),
    maxProperties: int64("Most fields of an object."),
    minProperties: int64("Fewest fields of an object."),
    required: list(text(""), "Fields an object must have.", { listType: "atomic" }),
    items: choice<JSONSchemaProps | JSONSchemaProps[]>(
      [self, several],
      "Schema of a list's items.",
    ),
    allOf: several,
    oneOf: several,
    anyOf: several,
    not: self,
    properties: map(self, "Schemas of an object's fields."),
    additionalProperties: selfOrBool,
    patternProperties: map(self, "Not supported."),
    dependencies: map(
      choice<JSONSchemaProps | string[]>([self, list(text(""), "")], ""),
      "Not supported.",
    ),
    additionalItems: selfOrBool,
    definitions: map(self, "Not supported."),
    externalDocs: object<{ description?: string; url?: string }>(
      "ExternalDocumentation",
      "Where more is written.",
      { description: text("What is written there."), url: text("Where it is.") },
    ),
    example: anyJson("An example."),
    nullable: bool("null is allowed."),
    "x-kubernetes-preserve-unknown-fields": bool("Fields that no schema names are kept."),
    "x-kubernetes-embedded-resource": bool("The value is a Kubernetes object."),
    "x-kubernetes-int-or-string": bool("The value is an integer or a string."),
    "x-kubernetes-list-map-keys": list(text(""), "Fields that identify an item of a map list.", {
      listType: "atomic",
    }),
    "x-kubernetes-list-type": text("atomic, set or map."),
    "x-kubernetes-map-type": text("granular or atomic."),
    "x-kubernetes-validations": list(
      object<ValidationRule>("ValidationRule", "A rule in the Common Expression Language.", {
        rule: text("The expression; it must be true."),
        message: text("Told when it is not."),
        messageExpression: text("Expression that gives the message."),
        reason: text("Reason of the error."),
        fieldPath: text("Field the error is about."),
        optionalOldSelf: bool("The rule is evaluated without an old value, too."),
      }),
      "Rules about the value.",
      { listType: "map", mapKeys: ["rule"], mergeKey: "rule", patchStrategy: "merge" },
    ),
  },
);

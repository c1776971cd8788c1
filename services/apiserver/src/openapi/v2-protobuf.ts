import { type Encoded, flag, message, text } from "../protobuf/encode.ts";
import type { Schema } from "./names.ts";
import type { PathItem } from "./paths.ts";
import type { DocumentV2 } from "./v2.ts";

/**
 * An OpenAPI v2 document as the protobuf that client-go reads: message `openapi.v2.Document` of
 * gnostic (openapiv2/OpenAPIv2.proto). Numbers are the fields' there.
 */
export function encodeDocumentV2({ swagger, info, paths, definitions }: DocumentV2): Buffer {
  return Buffer.concat([
    text(1, swagger),
    message(2, text(1, info.title), text(2, info.version)),
    message(8, ...Object.entries(paths).map(([path, item]) => named(2, path, pathItem(item)))),
    message(9, ...namedSchemas(definitions)),
  ]);
}

const METHODS: Readonly<Record<string, number>> = { get: 2, put: 3, post: 4, delete: 5, patch: 8 };

function pathItem(item: PathItem): Encoded[] {
  return Object.entries(item).map(([method, operation]) => {
    return message(METHODS[method] ?? 0, ...operationParts(operation as Schema));
  });
}

function operationParts(operation: Schema): Encoded[] {
  const { consumes, produces, parameters, responses } = operation as {
    consumes: readonly string[];
    produces: readonly string[];
    parameters: readonly Schema[];
    responses: Readonly<Record<string, Schema>>;
  };
  return [
    ...produces.map((type) => text(6, type)),
    ...consumes.map((type) => text(7, type)),
    ...parameters.map((parameter) => message(8, message(1, parameterPart(parameter)))),
    message(
      9,
      ...Object.entries(responses).map(([code, response]) => named(1, code, [answer(response)])),
    ),
    ...extensions(13, operation),
  ];
}

/** A parameter's place decides its message, and that the numbers of its fields. */
function parameterPart(parameter: Schema): Encoded {
  const { name, in: place, required, type, schema } = parameter;
  if (place === "body") {
    const value = message(5, ...schemaParts(schema as Schema));
    return message(1, text(2, name), text(3, place), flag(4, required), value);
  }
  const common = [flag(1, required), text(2, place), text(4, name)];
  const inner =
    place === "path" ? message(4, ...common, text(5, type)) : message(3, ...common, text(6, type));
  return message(2, inner);
}

function answer({ description, schema }: Schema): Encoded {
  const body =
    schema === undefined ? [] : [message(2, message(1, ...schemaParts(schema as Schema)))];
  return message(1, text(1, description), ...body);
}

function schemaParts(schema: Schema): Encoded[] {
  const { additionalProperties, items, properties, required, type } = schema;
  return [
    text(1, schema["$ref"]),
    text(2, schema["format"]),
    text(4, schema["description"]),
    ...(schema["default"] === undefined ? [] : [message(5, yaml(schema["default"]))]),
    ...((required as readonly string[] | undefined) ?? []).map((name) => text(19, name)),
    ...((schema["enum"] as readonly unknown[] | undefined) ?? []).map((one) =>
      message(20, yaml(one)),
    ),
    ...(typeof additionalProperties === "object"
      ? [message(21, message(1, ...schemaParts(additionalProperties as Schema)))]
      : []),
    ...(type === undefined ? [] : [message(22, text(1, type))]),
    ...(items === undefined ? [] : [message(23, message(1, ...schemaParts(items as Schema)))]),
    ...(properties === undefined
      ? []
      : [message(25, ...namedSchemas(properties as Readonly<Record<string, Schema>>))]),
    ...extensions(31, schema),
  ];
}

function namedSchemas(schemas: Readonly<Record<string, Schema>>): Encoded[] {
  return Object.entries(schemas).map(([name, schema]) => named(1, name, schemaParts(schema)));
}

function named(number: number, name: string, value: readonly Encoded[]): Encoded {
  return message(number, text(1, name), message(2, ...value));
}

function extensions(number: number, holder: Schema): Encoded[] {
  return Object.entries(holder)
    .filter(([name]) => name.startsWith("x-"))
    .map(([name, value]) => named(number, name, [yaml(value)]));
}

/** A free value is carried as YAML, of which JSON is a part. */
function yaml(value: unknown): Encoded {
  return text(2, JSON.stringify(value));
}

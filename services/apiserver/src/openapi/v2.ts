import type { Kind } from "@kubehop/api";
import { INT_OR_STRING, QUANTITY, type Schema } from "./names.ts";
import { type PathItem, pathsOf } from "./paths.ts";
import { schemasOf } from "./schemas.ts";

/** An OpenAPI 2.0 (Swagger) document. */
export interface DocumentV2 {
  readonly swagger: "2.0";
  readonly info: { readonly title: string; readonly version: string };
  readonly paths: Readonly<Record<string, PathItem>>;
  readonly definitions: Readonly<Record<string, Schema>>;
}

/** What version 2 has no word for; upstream leaves the same out. */
const LEFT_OUT = new Set(["anyOf", "oneOf", "not", "nullable", "title", "allOf", "$defs"]);

/** Types of several JSON types, as upstream has them in version 2. */
const SCALARS: Readonly<Record<string, Schema>> = {
  [INT_OR_STRING]: { type: "string", format: "int-or-string" },
  [QUANTITY]: { type: "string" },
};

/** The whole API in one OpenAPI v2 document: the paths and schemas of v3 in the older words. */
export function documentV2(kinds: readonly Kind[], serverVersion: string): DocumentV2 {
  return {
    swagger: "2.0",
    info: { title: "Kubernetes", version: serverVersion },
    paths: mapValues(pathsOf(kinds), (item) => mapValues(item, operationV2)),
    definitions: Object.fromEntries(
      Object.entries(schemasOf(kinds)).map(([name, schema]) => [
        name,
        SCALARS[name] === undefined ? schemaV2(schema) : { ...SCALARS[name] },
      ]),
    ),
  };
}

function operationV2(operation: object): object {
  const { parameters, requestBody, responses, ...rest } = operation as {
    parameters: readonly { readonly schema: Schema }[];
    requestBody?: { content: Readonly<Record<string, { schema: Schema }>> };
    responses: Readonly<Record<string, { content?: Readonly<Record<string, { schema: Schema }>> }>>;
  };
  const body = requestBody?.content["*/*"]?.schema;
  return {
    ...rest,
    consumes: ["*/*"],
    produces: ["application/json", "application/yaml"],
    parameters: [
      ...(body === undefined
        ? []
        : [{ name: "body", in: "body", required: true, schema: schemaV2(body) }]),
      ...parameters.map(({ schema, ...parameter }) => ({ ...parameter, ...schema })),
    ],
    responses: mapValues(responses, ({ content, ...response }) => {
      const schema = content?.["application/json"]?.schema;
      return { ...response, ...(schema !== undefined && { schema: schemaV2(schema) }) };
    }),
  };
}

function schemaV2(schema: Schema): Schema {
  const { $ref, allOf, properties, items, additionalProperties, description } = schema;
  const [only] = (allOf as readonly Schema[] | undefined) ?? [];
  const target = $ref ?? only?.["$ref"];
  if (typeof target === "string") {
    const name = target.replace("#/components/schemas/", "#/definitions/");
    return { ...(description !== undefined && { description }), $ref: name };
  }
  const kept = Object.entries(schema).filter(([key]) => !LEFT_OUT.has(key));
  return {
    ...Object.fromEntries(kept),
    ...(properties !== undefined && {
      properties: mapValues(properties as Readonly<Record<string, Schema>>, schemaV2),
    }),
    ...(items !== undefined && { items: schemaV2(items as Schema) }),
    ...(typeof additionalProperties === "object" && {
      additionalProperties: schemaV2(additionalProperties as Schema),
    }),
  };
}

function mapValues<T, R>(
  object: Readonly<Record<string, T>>,
  change: (value: T) => R,
): Record<string, R> {
  return Object.fromEntries(Object.entries(object).map(([name, value]) => [name, change(value)]));
}

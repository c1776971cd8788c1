import type { TSchema } from "typebox";

import { isQuantity, QUANTITY_RULE } from "./meta/quantity.ts";
import { resolverOf, titleOf } from "./schema.ts";

/** Where a decoder is in the object, and what it had to leave out so far. */
export interface Trail {
  /** Names and indices from the root; decoders push and pop. */
  readonly path: (string | number)[];
  /** Paths of unknown fields. */
  readonly unknown: string[];
}

/**
 * Checks a JSON value against a schema and gives it back without unknown fields and nulls. What
 * needs no change is returned as it is, so the common case allocates nothing.
 * @throws JsonTypeError with encoding/json's text.
 */
export type Decoder = (value: unknown, trail: Trail) => unknown;

/** A value of the wrong JSON type. */
export class JsonTypeError extends Error {
  override readonly name = "JsonTypeError";
}

interface JsonSchema {
  readonly type?: string;
  readonly format?: string;
  readonly properties?: Readonly<Record<string, TSchema>>;
  readonly items?: TSchema;
  readonly additionalProperties?: TSchema;
  readonly anyOf?: readonly TSchema[];
}

const decoders = new WeakMap<TSchema, Decoder>();

/** The decoder of a whole object's schema; built once for each schema. */
export function decoderOf(schema: TSchema): Decoder {
  const known = decoders.get(schema);
  if (known !== undefined) return known;
  const decoder = build(schema, titleOf(schema));
  decoders.set(schema, decoder);
  return decoder;
}

/** `struct` is the Go struct that holds the value; error texts name it. */
function build(schema: TSchema, struct: string): Decoder {
  const { format, properties, items, additionalProperties, anyOf } = schema as JsonSchema;
  const resolve = resolverOf(schema);
  if (resolve !== undefined) return (value, trail) => decoderOf(resolve())(value, trail);
  if (properties !== undefined) return structDecoder(schema, properties, struct);
  if (items !== undefined) return listDecoder(schema, build(items, struct), struct);
  if (additionalProperties !== undefined) {
    return mapDecoder(schema, build(additionalProperties, struct), struct);
  }
  if (format === "int-or-string") return intOrStringDecoder(struct);
  if (format === "quantity") return quantityDecoder;
  return scalarDecoder(schema, struct) ?? choiceDecoder(schema, anyOf ?? [], struct);
}

function scalarDecoder(schema: TSchema, struct: string): Decoder | undefined {
  const { type, format } = schema as JsonSchema;
  if (type === "object") return plainDecoder("object", schema, struct);
  if (type === "integer") return integerDecoder(schema, struct);
  if (format === "date-time" || format === "micro-time") return timeDecoder(schema, struct);
  if (type === "string") return plainDecoder("string", schema, struct);
  if (type === "number") return plainDecoder("number", schema, struct);
  return type === "boolean" ? plainDecoder("bool", schema, struct) : undefined;
}

/** Goes by the value's JSON type; without alternatives any value is kept as it is. */
function choiceDecoder(schema: TSchema, alternatives: readonly TSchema[], struct: string): Decoder {
  if (alternatives.length === 0) return (value) => value;
  const byType = new Map(
    alternatives.map((alternative) => [
      JSON_TYPES[(alternative as JsonSchema).type ?? ""] ?? "object",
      build(alternative, struct),
    ]),
  );
  const expected = { struct, type: goType(schema) };
  return (value, trail) => {
    const decoder = byType.get(jsonType(value));
    if (decoder === undefined) throw mismatch(value, trail, expected);
    return decoder(value, trail);
  };
}

/** The names encoding/json has for the types of a schema. */
const JSON_TYPES: Readonly<Record<string, string>> = { array: "array", boolean: "bool" };

function structDecoder(
  schema: TSchema,
  properties: Readonly<Record<string, TSchema>>,
  outer: string,
): Decoder {
  const expected = { struct: outer, type: goType(schema) };
  const struct = titleOf(schema);
  const fields = new Map<string, Decoder>();
  for (const [name, property] of Object.entries(properties)) {
    fields.set(name, build(property, struct));
  }
  return (value, trail) => {
    if (jsonType(value) !== "object") throw mismatch(value, trail, expected);
    return eachField(value as Record<string, unknown>, trail, (name) => {
      const decoder = fields.get(name);
      if (decoder === undefined) trail.unknown.push(pathText([...trail.path, name]));
      return decoder;
    });
  };
}

function mapDecoder(schema: TSchema, decoder: Decoder, struct: string): Decoder {
  const expected = { struct, type: goType(schema) };
  return (value, trail) => {
    if (jsonType(value) !== "object") throw mismatch(value, trail, expected);
    // encoding/json does not name the map's keys, so neither does the trail.
    let copy: Record<string, unknown> | undefined;
    for (const [key, item] of Object.entries(value as Record<string, unknown>)) {
      const decoded = item === null ? undefined : decoder(item, trail);
      if (decoded === item) continue;
      copy ??= { ...(value as Record<string, unknown>) };
      if (decoded === undefined) delete copy[key];
      else copy[key] = decoded;
    }
    return copy ?? value;
  };
}

/** Decodes all fields; makes a copy only when one changed or has to go. */
function eachField(
  source: Record<string, unknown>,
  trail: Trail,
  decoderFor: (name: string) => Decoder | undefined,
): Record<string, unknown> {
  let copy: Record<string, unknown> | undefined;
  for (const name of Object.keys(source)) {
    const value = source[name];
    const decoder = value === undefined ? undefined : decoderFor(name);
    if (decoder === undefined || value === null) {
      copy ??= { ...source };
      delete copy[name];
      continue;
    }
    trail.path.push(name);
    const decoded = decoder(value, trail);
    trail.path.pop();
    if (decoded !== value) (copy ??= { ...source })[name] = decoded;
  }
  return copy ?? source;
}

function listDecoder(schema: TSchema, decoder: Decoder, struct: string): Decoder {
  const expected = { struct, type: goType(schema) };
  return (value, trail) => {
    if (!Array.isArray(value)) throw mismatch(value, trail, expected);
    let copy: unknown[] | undefined;
    for (let index = 0; index < value.length; index++) {
      trail.path.push(index);
      const decoded = value[index] === null ? zeroOf(schema) : decoder(value[index], trail);
      trail.path.pop();
      if (decoded !== value[index]) (copy ??= [...value])[index] = decoded;
    }
    return copy ?? value;
  };
}

/** Go decodes a null list item as the zero value of its type. */
function zeroOf(schema: TSchema): unknown {
  const { type } = ((schema as JsonSchema).items ?? {}) as JsonSchema;
  if (type === "string") return "";
  return type === "integer" ? 0 : {};
}

function plainDecoder(jsonName: string, schema: TSchema, struct: string): Decoder {
  const expected = { struct, type: goType(schema) };
  return (value, trail) => {
    if (jsonType(value) !== jsonName) throw mismatch(value, trail, expected);
    return value;
  };
}

function integerDecoder(schema: TSchema, struct: string): Decoder {
  const expected = { struct, type: goType(schema) };
  const wide = (schema as JsonSchema).format === "int64";
  const limit = wide ? Number.MAX_SAFE_INTEGER : 2 ** 31;
  return (value, trail) => {
    if (typeof value !== "number") throw mismatch(value, trail, expected);
    if (!Number.isInteger(value) || value >= limit || value < -limit) {
      throw mismatch(value, trail, expected, `number ${value}`);
    }
    return value;
  };
}

function intOrStringDecoder(struct: string): Decoder {
  return (value, trail) => {
    if (typeof value === "string") return value;
    if (typeof value !== "number")
      throw mismatch(value, trail, { struct, type: "intstr.IntOrString" });
    if (!Number.isInteger(value) || value >= 2 ** 31 || value < -(2 ** 31)) {
      throw mismatch(value, trail, { struct, type: "int32" }, `number ${value}`);
    }
    return value;
  };
}

const quantityDecoder: Decoder = (value) => {
  const text = typeof value === "number" ? String(value) : value;
  if (typeof text !== "string" || !isQuantity(text)) throw new JsonTypeError(QUANTITY_RULE);
  return text;
};

const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/;

function timeDecoder(schema: TSchema, struct: string): Decoder {
  const expected = { struct, type: goType(schema) };
  const micro = (schema as JsonSchema).format === "micro-time";
  const layout = micro ? "2006-01-02T15:04:05.000000Z07:00" : "2006-01-02T15:04:05Z07:00";
  return (value, trail) => {
    if (typeof value !== "string") throw mismatch(value, trail, expected);
    if (!TIME.test(value) || Number.isNaN(Date.parse(value))) {
      const quoted = JSON.stringify(value);
      throw new JsonTypeError(
        `parsing time ${quoted} as "${layout}": cannot parse ${quoted} as "2006"`,
      );
    }
    return value;
  };
}

/** What Go expects at a place: the struct that holds it and its type, as error texts name them. */
interface GoPlace {
  readonly struct: string;
  readonly type: string;
}

function mismatch(
  value: unknown,
  trail: Trail,
  { struct, type }: GoPlace,
  found: string = jsonType(value),
): JsonTypeError {
  const names = trail.path.filter((part) => typeof part === "string");
  const where = names.length === 0 ? "value" : `struct field ${struct}.${names.join(".")}`;
  return new JsonTypeError(`json: cannot unmarshal ${found} into Go ${where} of type ${type}`);
}

const SCALARS: Readonly<Record<string, string>> = {
  string: "string",
  boolean: "bool",
  int32: "int32",
  int64: "int64",
  "date-time": "string",
  "micro-time": "string",
  double: "float64",
  byte: "[]uint8",
  "int-or-string": "intstr.IntOrString",
  quantity: "resource.Quantity",
};

/** The Go type behind a schema, as error texts name it: `[]v1.ServicePort`. */
function goType(schema: TSchema): string {
  const { type = "", format = "", items, additionalProperties } = schema as JsonSchema;
  const title = titleOf(schema);
  if (title !== "") return `v1.${title}`;
  if (items !== undefined) return `[]${goType(items)}`;
  if (additionalProperties !== undefined) return `map[string]${goType(additionalProperties)}`;
  return SCALARS[format] ?? SCALARS[type] ?? "map[string]interface {}";
}

function jsonType(value: unknown): string {
  if (Array.isArray(value)) return "array";
  if (value === null) return "null";
  return typeof value === "boolean" ? "bool" : typeof value;
}

function pathText(path: readonly (string | number)[]): string {
  return path.reduce<string>((text, part) => {
    if (typeof part === "number") return `${text}[${part}]`;
    return text === "" ? part : `${text}.${part}`;
  }, "");
}

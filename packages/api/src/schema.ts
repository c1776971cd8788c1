import { Type, type TSchema, type TUnsafe } from "typebox";

/** A JSON schema whose values have type T; T is checked field by field against the interface. */
export type SchemaOf<T> = TUnsafe<T>;

/** One schema for each field of T: a field that is missing or of another type does not compile. */
export type Fields<T> = { readonly [K in keyof T]-?: SchemaOf<Exclude<T[K], undefined>> };

/** How patches treat a list: upstream's `x-kubernetes-*` extensions. */
export interface ListOptions {
  /** Strategic merge: the field that identifies an item (`x-kubernetes-patch-merge-key`). */
  readonly mergeKey?: string;
  /** Strategic merge: `merge`, `retainKeys` or both; without it the list is replaced. */
  readonly patchStrategy?: "merge" | "merge,retainKeys";
  /** Server-side apply: `atomic` (one owner for all), `set` or `map` (keyed by mapKeys). */
  readonly listType?: "atomic" | "set" | "map";
  readonly mapKeys?: readonly string[];
}

/** What a free-form object holds: fields kubehop stores and gives back but does not interpret. */
export type FreeForm = Record<string, unknown>;

/** A JSON string; T narrows it to the values that remain after validation. */
export function text<T extends string = string>(description: string): SchemaOf<T> {
  return Type.Unsafe({ type: "string", description });
}

/** A Go `int32`. */
export function int32(description: string): SchemaOf<number> {
  return Type.Unsafe({ type: "integer", format: "int32", description });
}

/** A Go `int64`. */
export function int64(description: string): SchemaOf<number> {
  return Type.Unsafe({ type: "integer", format: "int64", description });
}

/** A Go `float64`: any JSON number. */
export function number(description: string): SchemaOf<number> {
  return Type.Unsafe({ type: "number", format: "double", description });
}

/** Any JSON value, kept as it comes. */
export function anyJson(description: string): SchemaOf<unknown> {
  return Type.Unsafe({ description, "x-kubernetes-preserve-unknown-fields": true });
}

/** A JSON boolean. */
export function bool(description: string): SchemaOf<boolean> {
  return Type.Unsafe({ type: "boolean", description });
}

/** An RFC 3339 time, as a string. */
export function time(description: string): SchemaOf<string> {
  return Type.Unsafe({ type: "string", format: "date-time", description });
}

/** An RFC 3339 time with microseconds, as Lease and Event use it. */
export function microTime(description: string): SchemaOf<string> {
  return Type.Unsafe({ type: "string", format: "micro-time", description });
}

/** Base64 data, as Secret.data holds it. */
export function bytes(description: string): SchemaOf<string> {
  return Type.Unsafe({ type: "string", format: "byte", description });
}

/** A port number or name, a count or a percentage. */
export function intOrString(description: string): SchemaOf<number | string> {
  return Type.Unsafe({
    "x-kubernetes-int-or-string": true,
    anyOf: [{ type: "integer" }, { type: "string" }],
    format: "int-or-string",
    description,
  });
}

/** An amount such as `100m` or `64Mi`; a JSON number is taken as its decimal text. */
export function quantity(description: string): SchemaOf<string> {
  return Type.Unsafe({
    anyOf: [{ type: "string" }, { type: "number" }],
    format: "quantity",
    description,
  });
}

/** A list of T. */
export function list<T>(
  items: SchemaOf<T>,
  description: string,
  options: ListOptions = {},
): SchemaOf<T[]> {
  const { mergeKey, patchStrategy, listType, mapKeys } = options;
  return Type.Unsafe({
    type: "array",
    items,
    description,
    ...(mergeKey !== undefined && { "x-kubernetes-patch-merge-key": mergeKey }),
    ...(patchStrategy !== undefined && { "x-kubernetes-patch-strategy": patchStrategy }),
    ...(listType !== undefined && { "x-kubernetes-list-type": listType }),
    ...(mapKeys !== undefined && { "x-kubernetes-list-map-keys": mapKeys }),
  });
}

/** A map from any string to T. */
export function map<T>(values: SchemaOf<T>, description: string): SchemaOf<Record<string, T>> {
  return Type.Unsafe({ type: "object", additionalProperties: values, description });
}

/** An object whose fields are stored and returned as they came (kubehop does not read them). */
export function freeForm(description: string): SchemaOf<FreeForm> {
  return Type.Unsafe({
    type: "object",
    description,
    "x-kubernetes-preserve-unknown-fields": true,
  });
}

/** A map with one owner for all of its keys: upstream's `+mapType=atomic`. */
export function atomicMap<T>(
  values: SchemaOf<T>,
  description: string,
): SchemaOf<Record<string, T>> {
  return Type.Unsafe({ ...map(values, description), "x-kubernetes-map-type": "atomic" });
}

/** The same field with the value it has when it is absent from the keys of a list. */
export function withDefault<T>(schema: SchemaOf<T>, value: T): SchemaOf<T> {
  return Type.Unsafe({ ...(schema as TSchema), default: value });
}

/** Structs with one owner for all of their fields: upstream's `+structType=atomic`. */
const ATOMIC_STRUCTS = new Set([
  "ConfigMapKeySelector",
  "CrossVersionObjectReference",
  "EndpointAddress",
  "EndpointPort",
  "LabelSelector",
  "LocalObjectReference",
  "NodeSelector",
  "NodeSelectorTerm",
  "ObjectFieldSelector",
  "ObjectReference",
  "OwnerReference",
  "ResourceFieldSelector",
  "RoleRef",
  "SecretKeySelector",
  "SecretReference",
  "ServiceBackendPort",
  "Subject",
  "TypedLocalObjectReference",
]);

/**
 * The schema of interface T. `title` is the Go type's name, which decode errors quote; `required`
 * lists what validation demands (it documents: decoding itself never misses a field).
 */
export function object<T>(
  title: string,
  description: string,
  fields: Fields<T>,
  required: readonly (keyof T & string)[] = [],
): SchemaOf<T> {
  return Type.Unsafe({
    type: "object",
    title,
    description,
    properties: fields,
    ...(ATOMIC_STRUCTS.has(title) && { "x-kubernetes-map-type": "atomic" }),
    ...(required.length > 0 && { required }),
  });
}

/** A value that one of several schemas of different JSON types describes. */
export function choice<T>(alternatives: readonly SchemaOf<T>[], description: string): SchemaOf<T> {
  return Type.Unsafe({ anyOf: alternatives, description });
}

const RESOLVE = Symbol("resolve");

/** The schema of T where it stands inside itself; `resolve` gives it once it exists. */
export function recursive<T>(title: string, resolve: () => SchemaOf<T>): SchemaOf<T> {
  return Type.Unsafe({ type: "object", "x-kubernetes-recursive": title, [RESOLVE]: resolve });
}

/** What a recursive schema stands for; undefined for any other schema. */
export function resolverOf(schema: TSchema): (() => TSchema) | undefined {
  return (schema as { [RESOLVE]?: () => TSchema })[RESOLVE];
}

/** The same schema with another description or patch strategy, for one use of a shared type. */
export function described<T>(
  schema: SchemaOf<T>,
  description: string,
  patchStrategy?: "retainKeys",
): SchemaOf<T> {
  return Type.Unsafe({
    ...(schema as TSchema),
    description,
    ...(patchStrategy !== undefined && { "x-kubernetes-patch-strategy": patchStrategy }),
  });
}

/** Name of the Go type a schema stands for; empty for schemas that are no object of their own. */
export function titleOf(schema: TSchema): string {
  return (schema as { title?: string }).title ?? "";
}

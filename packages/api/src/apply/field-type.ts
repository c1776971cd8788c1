import type { TSchema } from "typebox";

/** How values of a place in an object are owned: what server-side apply reads from a schema. */
export type FieldType =
  | { readonly form: "scalar" }
  /** Nobody has described it: the value tells (objects are owned by field, lists as a whole). */
  | { readonly form: "untyped" }
  | {
      readonly form: "map";
      /** One owner for the whole. */
      readonly atomic: boolean;
      /** The type of a field or key; undefined for a field that is not declared. */
      of(name: string): FieldType | undefined;
      /** Whether the name is that of a field, not a key anybody may choose. */
      declares(name: string): boolean;
    }
  | {
      readonly form: "list";
      readonly relation: "atomic" | "set" | "map";
      /** For `map`: the fields that identify an item, sorted, with what they are when absent. */
      readonly keys: readonly (readonly [name: string, fallback: unknown])[];
      readonly items: FieldType;
    };

/** A list whose items have owners of their own. */
export type ListType = Extract<FieldType, { form: "list" }>;

interface Schema {
  readonly type?: string;
  readonly properties?: Readonly<Record<string, TSchema>>;
  readonly additionalProperties?: TSchema | boolean;
  readonly items?: TSchema;
  readonly default?: unknown;
  readonly "x-kubernetes-list-type"?: string;
  readonly "x-kubernetes-list-map-keys"?: readonly string[];
  readonly "x-kubernetes-map-type"?: string;
  readonly "x-kubernetes-patch-merge-key"?: string;
  readonly "x-kubernetes-patch-strategy"?: string;
  readonly "x-kubernetes-preserve-unknown-fields"?: boolean;
  readonly "x-kubernetes-int-or-string"?: boolean;
}

const SCALAR: FieldType = { form: "scalar" };
const UNTYPED: FieldType = { form: "untyped" };
/** What nobody has described, by the form its value has. */
const UNTYPED_MAP: FieldType = {
  form: "map",
  atomic: false,
  of: () => UNTYPED,
  declares: () => false,
};
const UNTYPED_LIST: FieldType = { form: "list", relation: "atomic", keys: [], items: UNTYPED };

const types = new WeakMap<object, FieldType>();

/**
 * The type that a schema describes (source: kube-openapi/pkg/schemaconv). A list without a list type
 * goes by its strategic merge key, so that both ways to patch agree; without one it is atomic.
 */
export function fieldTypeOf(schema: TSchema | boolean | undefined): FieldType {
  if (typeof schema !== "object") return UNTYPED;
  const known = types.get(schema);
  if (known !== undefined) return known;
  const type = convert(schema);
  types.set(schema, type);
  return type;
}

/** The type for a value of a place: what is untyped, or null, is what the value is. */
export function resolveType(type: FieldType, value: unknown): FieldType {
  if (type.form !== "untyped") return type;
  if (Array.isArray(value)) return UNTYPED_LIST;
  return typeof value === "object" && value !== null ? UNTYPED_MAP : SCALAR;
}

function convert(schema: Schema): FieldType {
  const { type, items, properties, additionalProperties } = schema;
  if (items !== undefined) return listType(schema, items);
  if (properties !== undefined || typeof additionalProperties === "object") return mapType(schema);
  if (schema["x-kubernetes-int-or-string"] === true) return SCALAR;
  if (type === "object") return mapType(schema);
  return type === undefined && !("anyOf" in schema) ? UNTYPED : SCALAR;
}

function defaultOf(schema: Schema | undefined): unknown {
  return schema?.default;
}

function mapType(schema: Schema): FieldType {
  const { properties = {}, additionalProperties } = schema;
  const open = schema["x-kubernetes-preserve-unknown-fields"] === true;
  const isBare = Object.keys(properties).length === 0 && additionalProperties === undefined;
  const rest =
    additionalProperties === undefined && !open && !isBare
      ? undefined
      : fieldTypeOf(additionalProperties);
  return {
    form: "map",
    atomic: schema["x-kubernetes-map-type"] === "atomic",
    of: (name) => (Object.hasOwn(properties, name) ? fieldTypeOf(properties[name]) : rest),
    declares: (name) => Object.hasOwn(properties, name),
  };
}

function listType(schema: Schema, items: TSchema): FieldType {
  const mergeKey = schema["x-kubernetes-patch-merge-key"];
  const merges = schema["x-kubernetes-patch-strategy"]?.includes("merge") === true;
  const fallback = merges ? (mergeKey === undefined ? "set" : "map") : "atomic";
  const relation = schema["x-kubernetes-list-type"] ?? fallback;
  const type = { form: "list" as const, items: fieldTypeOf(items) };
  if (relation === "set") return { ...type, relation, keys: [] };
  if (relation !== "map") return { ...type, relation: "atomic", keys: [] };
  const names = schema["x-kubernetes-list-map-keys"] ?? (mergeKey === undefined ? [] : [mergeKey]);
  const { properties = {} } = items as Schema;
  const keys = names.toSorted().map((name) => [name, defaultOf(properties[name])] as const);
  return { ...type, relation, keys };
}

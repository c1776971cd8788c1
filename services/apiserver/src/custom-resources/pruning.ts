import {
  decoderOf,
  type Decoder,
  type JSONSchemaProps,
  ObjectMetaSchema,
  type Trail,
} from "@kubehop/api";

const decodeMetadata = decoderOf(ObjectMetaSchema);

/** Fields of every object that a custom kind's schema need not name. */
const TYPE_AND_META = ["apiVersion", "kind", "metadata"] as const;

/**
 * Reads bodies of a custom kind: fields that its structural schema does not name are left out and
 * told; values of a wrong type stay, for validation tells of them better (source: apiextensions
 * pkg/apiserver/schema/pruning).
 */
export function pruningDecoder(schema: JSONSchemaProps): Decoder {
  return (value, trail) => pruneObject(value as Record<string, unknown>, schema, trail);
}

/** An object with apiVersion, kind and metadata: the root, or an embedded resource. */
function pruneObject(
  object: Readonly<Record<string, unknown>>,
  schema: JSONSchemaProps,
  trail: Trail,
): Record<string, unknown> {
  const { apiVersion, kind, metadata, ...rest } = object;
  const pruned: Record<string, unknown> = {};
  if (apiVersion !== undefined) pruned["apiVersion"] = apiVersion;
  if (kind !== undefined) pruned["kind"] = kind;
  if (metadata !== undefined && metadata !== null) {
    pruned["metadata"] = at(trail, "metadata", () => decodeMetadata(metadata, trail));
  }
  return Object.assign(pruned, pruneFields(rest, schema, trail));
}

function prune(value: unknown, schema: JSONSchemaProps, trail: Trail): unknown {
  if (Array.isArray(value)) return pruneItems(value, schema, trail);
  if (typeof value !== "object" || value === null) return value;
  const fields = value as Readonly<Record<string, unknown>>;
  if (schema["x-kubernetes-embedded-resource"] === true)
    return pruneEmbedded(fields, schema, trail);
  return pruneFields(fields, schema, trail);
}

function pruneEmbedded(
  fields: Readonly<Record<string, unknown>>,
  schema: JSONSchemaProps,
  trail: Trail,
): unknown {
  const { metadata } = fields;
  const isObject = typeof metadata === "object" && !Array.isArray(metadata);
  if (metadata === undefined || isObject) return pruneObject(fields, schema, trail);
  return pruneFields(fields, withTypeAndMeta(schema), trail);
}

function withTypeAndMeta(schema: JSONSchemaProps): JSONSchemaProps {
  const anything = { "x-kubernetes-preserve-unknown-fields": true };
  const properties = Object.fromEntries(TYPE_AND_META.map((name) => [name, anything]));
  return { ...schema, properties: { ...properties, ...schema.properties } };
}

function pruneItems(items: readonly unknown[], schema: JSONSchemaProps, trail: Trail): unknown[] {
  const { items: itemSchema } = schema;
  if (itemSchema === undefined || Array.isArray(itemSchema)) {
    // A list nobody describes: kept where unknown fields are, else without its objects' fields.
    return schema["x-kubernetes-preserve-unknown-fields"] === true
      ? [...items]
      : items.map((item, index) => at(trail, index, () => prune(item, {}, trail)));
  }
  return items.map((item, index) => at(trail, index, () => prune(item, itemSchema, trail)));
}

function pruneFields(
  fields: Readonly<Record<string, unknown>>,
  schema: JSONSchemaProps,
  trail: Trail,
): Record<string, unknown> {
  const { properties = {}, additionalProperties: others } = schema;
  const keepsUnknown = schema["x-kubernetes-preserve-unknown-fields"] === true || others === true;
  const pruned: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(fields)) {
    const known = Object.hasOwn(properties, name) ? properties[name] : undefined;
    const described = known ?? (typeof others === "object" ? others : undefined);
    if (described !== undefined)
      set(
        pruned,
        name,
        at(trail, name, () => prune(value, described, trail)),
      );
    else if (keepsUnknown) set(pruned, name, value);
    else trail.unknown.push(pathText([...trail.path, name]));
  }
  return pruned;
}

/** A field of any name, also `__proto__`, which assignment would take for something else. */
function set(object: Record<string, unknown>, name: string, value: unknown): void {
  if (name === "__proto__") {
    Object.defineProperty(object, name, {
      value,
      enumerable: true,
      writable: true,
      configurable: true,
    });
  } else object[name] = value;
}

function at<T>(trail: Trail, step: string | number, read: () => T): T {
  trail.path.push(step);
  const value = read();
  trail.path.pop();
  return value;
}

function pathText(path: readonly (string | number)[]): string {
  return path
    .map((part, index) =>
      typeof part === "number" ? `[${part}]` : `${index === 0 ? "" : "."}${part}`,
    )
    .join("");
}

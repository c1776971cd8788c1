import type { Kind } from "@kubehop/api";
import { customTraits } from "../custom-resources/custom-kind.ts";

/** A JSON schema as it stands in a document. */
type Schema = Readonly<Record<string, unknown>>;

/** A kind's schema by the name under which its document refers to it. */
export function schemaName({
  group,
  version,
  kind,
}: Pick<Kind, "group" | "version" | "kind">): string {
  const short = group === "" ? "core" : (group.split(".")[0] ?? group);
  return `io.k8s.api.${short}.${version}.${kind}`;
}

/**
 * The schemas of some kinds of one group version, with those of the structs in them beside: fields
 * refer to these by name, which `kubectl explain` shows as their type.
 */
export function schemasOf(kinds: readonly Kind[]): Record<string, Schema> {
  const schemas: Record<string, Schema> = {};
  for (const kind of kinds) {
    const { group, version } = kind;
    const name = (title: string): string => schemaName({ group, version, kind: title });
    // A user's titles name nothing: what they stand in is told as it is.
    const schema =
      customTraits(kind) === undefined
        ? withReferences(kind.schema as Schema, { name, schemas, isRoot: true })
        : (kind.schema as Schema);
    const gvk = { group, version, kind: kind.kind };
    schemas[schemaName(kind)] = { ...schema, "x-kubernetes-group-version-kind": [gvk] };
  }
  return schemas;
}

interface Context {
  /** The name of a struct's schema. */
  name(title: string): string;
  /** Takes the structs. */
  readonly schemas: Record<string, Schema>;
  readonly isRoot: boolean;
}

function withReferences(schema: Schema, context: Context): Schema {
  const recursive = schema["x-kubernetes-recursive"];
  if (typeof recursive === "string") return reference(context.name(recursive), schema);
  const { title, properties } = schema;
  if (context.isRoot || typeof title !== "string" || properties === undefined) {
    return withChildren(schema, context);
  }
  const name = context.name(title);
  if (!Object.hasOwn(context.schemas, name)) {
    // Its place is taken first: what is in it may refer to it.
    context.schemas[name] = schema;
    context.schemas[name] = withChildren(schema, context);
  }
  return reference(name, schema);
}

function reference(name: string, { description }: Schema): Schema {
  return {
    ...(description !== undefined && { description }),
    allOf: [{ $ref: `#/components/schemas/${name}` }],
  };
}

function withChildren(schema: Schema, context: Context): Schema {
  const inner = { ...context, isRoot: false };
  const child = (value: unknown): unknown =>
    typeof value === "object" && value !== null ? withReferences(value as Schema, inner) : value;
  const { properties, items, additionalProperties } = schema;
  return {
    ...schema,
    ...(properties !== undefined && {
      properties: Object.fromEntries(
        Object.entries(properties as Schema).map(([name, field]) => [name, child(field)]),
      ),
    }),
    ...(items !== undefined && { items: child(items) }),
    ...(additionalProperties !== undefined && {
      additionalProperties: child(additionalProperties),
    }),
    ...(Array.isArray(schema["anyOf"]) && { anyOf: schema["anyOf"].map(child) }),
  };
}

import type { Kind } from "@kubehop/api";
import { customTraits } from "../custom-resources/custom-kind.ts";
import { INT_OR_STRING, QUANTITY, type Schema, schemaName, structName } from "./names.ts";

/** Scalars that upstream has a type for, by the format under which a field has them. */
const SHARED: Readonly<Record<string, { readonly name: string; readonly schema: Schema }>> = {
  "int-or-string": {
    name: INT_OR_STRING,
    schema: {
      description: "A number or a text.",
      format: "int-or-string",
      oneOf: [{ type: "integer" }, { type: "string" }],
    },
  },
  quantity: {
    name: QUANTITY,
    schema: {
      description: "A number with a unit, such as 100m, 1.5 or 64Mi.",
      oneOf: [{ type: "string" }, { type: "number" }],
    },
  },
};

/**
 * The schemas of some kinds of one group version, with those of the structs in them beside: fields
 * refer to these by name, which `kubectl explain` shows as their type.
 */
export function schemasOf(kinds: readonly Kind[]): Record<string, Schema> {
  const schemas: Record<string, Schema> = {};
  for (const kind of kinds) {
    const { group, version } = kind;
    // A user's titles name nothing: what they stand in is told as it is.
    const schema =
      customTraits(kind) === undefined
        ? withReferences(kind.schema as Schema, { kind, schemas, isRoot: true })
        : (kind.schema as Schema);
    const gvk = { group, version, kind: kind.kind };
    schemas[schemaName(kind)] = { ...schema, "x-kubernetes-group-version-kind": [gvk] };
  }
  return schemas;
}

interface Context {
  readonly kind: Kind;
  /** Takes the structs. */
  readonly schemas: Record<string, Schema>;
  readonly isRoot: boolean;
}

function withReferences(schema: Schema, context: Context): Schema {
  const { title, properties, format } = schema;
  const shared = SHARED[String(format)];
  if (shared !== undefined) {
    context.schemas[shared.name] ??= shared.schema;
    return reference(shared.name, schema);
  }
  if (typeof schema["x-kubernetes-recursive"] === "string") {
    return reference(structName(schema, context.kind), schema);
  }
  if (context.isRoot || typeof title !== "string" || properties === undefined) {
    return withChildren(schema, context);
  }
  const name = structName(schema, context.kind);
  if (!Object.hasOwn(context.schemas, name)) {
    // The description is that of the field. A struct's place is taken first: what is in it may refer to it.
    const { description: _ofField, ...struct } = schema;
    context.schemas[name] = struct;
    context.schemas[name] = withChildren(struct, context);
  }
  return reference(name, schema);
}

function reference(name: string, schema: Schema): Schema {
  const { description } = schema;
  const strategy = schema["x-kubernetes-patch-strategy"];
  return {
    ...(description !== undefined && { description }),
    ...(strategy !== undefined && { "x-kubernetes-patch-strategy": strategy }),
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

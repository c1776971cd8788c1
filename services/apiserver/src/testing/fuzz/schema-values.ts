import type { Choice } from "./choice.ts";

/** A JSON schema of an OpenAPI document. */
export interface Schema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly additionalProperties?: Schema | boolean;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly Schema[];
  readonly allOf?: readonly Schema[];
  readonly "x-kubernetes-group-version-kind"?: readonly {
    readonly group: string;
    readonly version: string;
    readonly kind: string;
  }[];
}

/** Schemas by the name their references end in. */
export type Schemas = Readonly<Record<string, Schema>>;

/** Strings that mean something somewhere, and strings that mean trouble. */
const STRINGS = [
  "a",
  "app",
  "ClusterIP",
  "NodePort",
  "LoadBalancer",
  "ExternalName",
  "None",
  "TCP",
  "UDP",
  "Always",
  "Local",
  "Cluster",
  "Opaque",
  "http",
  "80",
  "100m",
  "1Gi",
  "10.96.0.77",
  "127.0.0.1",
  "2001:db8::1",
  "10.96.0.0/16",
  "example.com",
  "2026-01-02T03:04:05Z",
  "*/5 * * * *",
  "get",
  "*",
  "v1",
  "default",
  "",
  " ",
  "-",
  "a/b",
  "../..",
  "%",
  "UPPER",
  "ü".repeat(10),
  "\u0000",
  "\ud800",
  "__proto__",
  "constructor",
  "a".repeat(300),
  "9".repeat(40),
  "(a+)+$",
  "\n\r",
];

/** Strings and numbers that are valid in most places. */
const TAME_STRINGS = ["a", "app", "web", "http", "b", "default", "v1"];
const TAME_NUMBERS = [1, 2, 3, 80, 443, 8080];

const NUMBERS = [0, 1, 2, 3, 80, 443, 8080, 30_080, 65_535, 65_536, -1, 1e9, 2 ** 31, 2 ** 53, 1.5];

const MAX_DEPTH = 7;

/** What values are made with. */
export interface Source {
  readonly schemas: Schemas;
  readonly choice: Choice;
  /** Little more than what must be, and values that are valid in most places. */
  readonly tame: boolean;
}

/** A value of a schema's shape: of the right types mostly; seldom valid in all unless tame. */
export function valueOf(schema: Schema, source: Source, depth = 0): unknown {
  const { schemas, choice, tame } = source;
  const resolved = resolve(schema, schemas);
  if (resolved.enum !== undefined && (tame || choice.chance(0.9))) return choice.of(resolved.enum);
  if (resolved.anyOf !== undefined) return valueOf(choice.of(resolved.anyOf), source, depth);
  const type = [resolved.type].flat()[0];
  if (resolved.properties !== undefined || type === "object") {
    return objectOf(resolved, source, depth);
  }
  if (type === "array") {
    const most = tame ? 1 : choice.below(3);
    const items = resolved.items ?? {};
    const length = depth > MAX_DEPTH ? 0 : most;
    return Array.from({ length }, () => valueOf(items, source, depth + 1));
  }
  return scalarOf(type, source);
}

function scalarOf(type: string | undefined, { choice, tame }: Source): unknown {
  switch (type) {
    case "integer":
    case "number":
      return choice.of(tame ? TAME_NUMBERS : NUMBERS);
    case "boolean":
      return choice.chance(0.5);
    default:
      return choice.of(tame ? TAME_STRINGS : STRINGS);
  }
}

function resolve(schema: Schema, schemas: Schemas): Schema {
  const reference = schema.$ref ?? schema.allOf?.[0]?.$ref;
  if (reference === undefined) return schema;
  return schemas[reference.slice(reference.lastIndexOf("/") + 1)] ?? {};
}

function objectOf(schema: Schema, source: Source, depth: number): object {
  const { choice, tame } = source;
  const { properties = {}, required = [], additionalProperties } = schema;
  const share = tame ? 0.08 : 0.35;
  const wanted = depth > MAX_DEPTH ? 0 : share;
  const entries = Object.entries(properties)
    .filter(([name]) => required.includes(name) || choice.chance(wanted))
    .map(([name, field]) => [name, valueOf(field, source, depth + 1)] as const);
  const isMap = typeof additionalProperties === "object" && depth <= MAX_DEPTH;
  if (isMap && choice.chance(0.7)) {
    const value = valueOf(additionalProperties, source, depth + 1);
    entries.push([choice.of(tame ? TAME_STRINGS : STRINGS), value]);
  }
  return Object.fromEntries(entries);
}

/** Values that stand where they should not. */
const STRANGERS: readonly (() => unknown)[] = [
  () => null,
  () => [],
  () => ({}),
  () => "text",
  () => -1,
  () => 1e308,
  () => 0.1,
  () => true,
  () => [[[[[[]]]]]],
  () => "x".repeat(20_000),
  () => ({ $patch: "delete" }),
  () => [{ $patch: "replace" }],
  () => JSON.parse('{"__proto__":{"polluted":true},"constructor":{"prototype":{}}}') as unknown,
  () => nested(60),
];

function nested(depth: number): unknown {
  return depth === 0 ? 1 : { a: nested(depth - 1) };
}

/** The value with something in it replaced, removed or added. */
export function mutate(value: unknown, choice: Choice): unknown {
  if (typeof value !== "object" || value === null || choice.chance(0.1)) {
    return choice.of(STRANGERS)();
  }
  if (Array.isArray(value)) {
    if (value.length === 0) return [choice.of(STRANGERS)()];
    const copy: unknown[] = [...(value as unknown[])];
    const at = choice.below(copy.length);
    copy[at] = mutate(copy[at], choice);
    return copy;
  }
  const names = Object.keys(value);
  const name = names.length === 0 || choice.chance(0.15) ? choice.of(STRINGS) : choice.of(names);
  const old = (value as Record<string, unknown>)[name];
  return { ...value, [name]: mutate(old, choice) };
}

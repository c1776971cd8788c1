/** A step into a value: a field, an index, everything, or the items with a field of some value. */
type Step =
  | { readonly field: string }
  | { readonly index: number }
  | { readonly every: true }
  | { readonly where: readonly string[]; readonly equals: unknown };

/** A place in an object, such as `.spec.replicas` or `.status.conditions[?(@.type=="Ready")]`. */
export interface JsonPath {
  /** The values there; empty when there are none. */
  find(object: unknown): unknown[];
  /** The names on the way, when each step is a field. */
  readonly fields: readonly string[] | undefined;
}

const FIELD = String.raw`\.(?<field>(?:\\.|[^.[\]\\*])+)`;
const EVERY = String.raw`\.?\[(?<every>\*)\]|\.(?<all>\*)`;
const QUOTED = String.raw`\[(?:'(?<single>(?:[^'\\]|\\.)*)'|"(?<double>(?:[^"\\]|\\.)*)")\]`;
const INDEX = String.raw`\[(?<index>-?\d+)\]`;
const LITERAL = String.raw`"[^"]*"|'[^']*'|-?\d+(?:\.\d+)?|true|false`;
const WHERE = String.raw`\[\?\(@(?<where>(?:\.[\w$-]+)+)\s*==\s*(?<equals>${LITERAL})\)\]`;
const TOKEN = new RegExp([FIELD, EVERY, QUOTED, INDEX, WHERE].join("|"), "gy");

/** Reads a path as CustomResourceDefinitions write it; undefined when it is none. */
export function parseJsonPath(text: string): JsonPath | undefined {
  if (!text.startsWith(".") && !text.startsWith("[")) return undefined;
  const steps: Step[] = [];
  let end = 0;
  for (const match of text.matchAll(TOKEN)) {
    end = match.index + match[0].length;
    steps.push(stepOf(match.groups ?? {}));
  }
  if (end !== text.length || steps.length === 0) return undefined;
  const isPlain = steps.every((step) => "field" in step);
  return {
    find: (object) =>
      steps.reduce<unknown[]>((values, step) => values.flatMap(follow(step)), [object]),
    fields: isPlain ? steps.map((step) => ("field" in step ? step.field : "")) : undefined,
  };
}

/** The object with another value at the end of some fields; objects on the way are copied. */
export function withValueAt(object: unknown, fields: readonly string[], value: unknown): unknown {
  const [first, ...rest] = fields;
  if (first === undefined) return value;
  const holder = isRecord(object) ? object : {};
  return { ...holder, [first]: withValueAt(holder[first], rest, value) };
}

function stepOf(groups: Readonly<Record<string, string | undefined>>): Step {
  const { single, double, field, index, where, equals } = groups;
  if (index !== undefined) return { index: Number(index) };
  if (groups["every"] !== undefined || groups["all"] !== undefined) return { every: true };
  if (where !== undefined && equals !== undefined) {
    return { where: where.split(".").slice(1), equals: literal(equals) };
  }
  return { field: (single ?? double ?? field ?? "").replaceAll(/\\(.)/g, "$1") };
}

function literal(text: string): unknown {
  return text.startsWith("'") ? text.slice(1, -1) : (JSON.parse(text) as unknown);
}

function follow(step: Step): (value: unknown) => unknown[] {
  if ("field" in step) {
    return (value) =>
      isRecord(value) && Object.hasOwn(value, step.field) ? [value[step.field]] : [];
  }
  if ("every" in step) return (value) => (isHolder(value) ? Object.values(value) : []);
  if ("index" in step) {
    return (value) => {
      const item: unknown = Array.isArray(value) ? value.at(step.index) : undefined;
      return item === undefined ? [] : [item];
    };
  }
  return (value) =>
    isHolder(value)
      ? Object.values(value).filter((item) => valueAt(item, step.where) === step.equals)
      : [];
}

function valueAt(value: unknown, fields: readonly string[]): unknown {
  return fields.reduce<unknown>((at, field) => (isRecord(at) ? at[field] : undefined), value);
}

function isHolder(value: unknown): value is Record<string, unknown> | unknown[] {
  return typeof value === "object" && value !== null;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return isHolder(value) && !Array.isArray(value);
}

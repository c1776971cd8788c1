import { parseArgs } from "node:util";
import { parseDuration } from "./duration.ts";

interface FlagOf<Type, Value> {
  readonly type: Type;
  readonly default: Value;
  /** What `--help` says about it. */
  readonly description: string;
}

interface Range {
  readonly minimum: number;
  readonly maximum: number;
}

/** A flag that takes any text. */
export type StringFlag = FlagOf<"string", string>;
/** A flag that may be given several times; its value is all of them. */
type ListFlag = FlagOf<"list", readonly string[]>;
/** A flag that is there or not. */
type BooleanFlag = FlagOf<"boolean", boolean>;
/** A flag given as Go writes durations ("250ms", "1m30s"); its value is in milliseconds. */
export type DurationFlag = FlagOf<"duration", string>;
/** A flag that takes a number of a range. */
type NumberFlag = FlagOf<"number", number> & Range;
/** A flag that takes a whole number of a range. */
export type IntegerFlag = FlagOf<"integer", number> & Range;

/** One command-line flag: its type, its default, its description. */
export type FlagSpec =
  | StringFlag
  | ListFlag
  | BooleanFlag
  | DurationFlag
  | NumberFlag
  | IntegerFlag;

/** Flags by name, without the leading dashes. */
export type FlagSpecs = Readonly<Record<string, FlagSpec>>;

type FlagValue<S extends FlagSpec> = S["type"] extends "string"
  ? string
  : S["type"] extends "list"
    ? readonly string[]
    : S["type"] extends "boolean"
      ? boolean
      : number;

/** Parsed values: strings, lists of strings, booleans, numbers; durations in milliseconds. */
export type Flags<S extends FlagSpecs> = { readonly [K in keyof S]: FlagValue<S[K]> };

/** The command line is wrong; the message says how. `main` prints it and exits with 2. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** Parses `args` by `specs`. Throws UsageError naming the flag, the value and what is allowed. */
export function parseFlags<S extends FlagSpecs>(
  specs: S,
  args: readonly string[],
): { flags: Flags<S>; operands: readonly string[] } {
  const { values, positionals } = split(specs, args);
  const flags: Record<string, string | boolean | number | readonly string[]> = {};
  for (const [name, spec] of Object.entries(specs)) {
    const given = values[name];
    if (spec.type === "list") flags[name] = Array.isArray(given) ? given.map(String) : spec.default;
    else flags[name] = toValue(name, spec, (given ?? String(spec.default)) as string | boolean);
  }
  return { flags: flags as Flags<S>, operands: positionals };
}

function split(specs: FlagSpecs, args: readonly string[]) {
  const options = Object.fromEntries(
    Object.entries(specs).map(([name, spec]) => [
      name,
      {
        type: spec.type === "boolean" ? ("boolean" as const) : ("string" as const),
        multiple: spec.type === "list",
      },
    ]),
  );
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true, allowNegative: true });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

function toValue(
  name: string,
  spec: Exclude<FlagSpec, ListFlag>,
  given: string | boolean,
): string | boolean | number {
  switch (spec.type) {
    case "string":
      return String(given);
    case "boolean":
      return given === true || given === "true";
    case "duration":
      return durationFlag(name, String(given));
    case "number":
    case "integer":
      return numberFlag(name, spec, String(given));
    default:
      return spec satisfies never;
  }
}

function durationFlag(name: string, text: string): number {
  const milliseconds = parseDuration(text);
  if (milliseconds !== undefined) return milliseconds;
  throw new UsageError(`--${name} "${text}" is not a duration; write for example 250ms, 5s, 1m30s`);
}

function numberFlag(
  name: string,
  spec: { type: "number" | "integer"; minimum: number; maximum: number },
  text: string,
): number {
  const value = text.trim() === "" ? Number.NaN : Number(text);
  const wrongKind = spec.type === "integer" ? !Number.isInteger(value) : Number.isNaN(value);
  if (!wrongKind && value >= spec.minimum && value <= spec.maximum) return value;
  throw new UsageError(
    `--${name} "${text}" is not a${spec.type === "integer" ? "n integer" : " number"} ` +
      `from ${spec.minimum} to ${spec.maximum}`,
  );
}

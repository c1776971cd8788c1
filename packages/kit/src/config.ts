import { parseArgs, styleText } from "node:util";
import type { Static, TObject, TSchema } from "typebox";
import { Value } from "typebox/value";

/** A flag, environment variable or value that a process was given and cannot use. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
}

/** Where the configuration of a process comes from: its arguments and its environment. */
export interface ConfigSource {
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** What `--help` was asked for instead of a run. */
export const HELP: unique symbol = Symbol("help");

/**
 * Reads a process's configuration: the property `nodeName` is the flag `--node-name` and the
 * environment variable `KUBEHOP_NODE_NAME`; the flag wins, then the environment, then the default.
 * An array property takes a repeated flag or a comma-separated list. The result is frozen.
 * Throws ConfigError naming the flag; gives HELP when `--help` is among the arguments.
 */
export function parseConfig<S extends TObject>(
  schema: S,
  source: ConfigSource,
): Static<S> | typeof HELP {
  const flags = readFlags(schema, source.argv);
  if (flags["help"] !== undefined) return HELP;
  const config: Record<string, unknown> = {};
  for (const [property, type] of Object.entries(schema.properties)) {
    const text = flags[flagName(property)] ?? source.env[envName(property)];
    const value = text === undefined ? defaultOf(type) : fromText(type, text, property);
    if (value !== undefined) config[property] = value;
  }
  checkConfig(schema, config);
  return Object.freeze(config) as Static<S>;
}

/** The help text of a process: each flag with its description, environment variable and default. */
export function helpText(name: string, schema: TObject): string {
  const lines = Object.entries(schema.properties).map(([property, type]) => {
    const fallback = defaultOf(type);
    const notes = [
      typeof fallback === "string" || typeof fallback === "number" || typeof fallback === "boolean"
        ? `default ${fallback === "" ? '""' : fallback}`
        : undefined,
      `env ${envName(property)}`,
    ].filter((note) => note !== undefined);
    return `  --${flagName(property)}\n      ${descriptionOf(type)} (${notes.join(", ")})`;
  });
  return [styleText("bold", `kubehop ${name}`), "", "Flags:", ...lines, ""].join("\n");
}

/** The flag of a configuration property: `nodeIp` → `node-ip`. */
export function flagName(property: string): string {
  return property.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

/** The environment variable of a configuration property: `nodeIp` → `KUBEHOP_NODE_IP`. */
export function envName(property: string): string {
  return `KUBEHOP_${flagName(property).replaceAll("-", "_").toUpperCase()}`;
}

function readFlags(schema: TObject, argv: readonly string[]): Record<string, string | undefined> {
  const known = new Map(
    Object.entries(schema.properties).map(([property, type]) => [flagName(property), type]),
  );
  const options: Record<string, { type: "string" | "boolean"; multiple: true }> = {
    help: { type: "boolean", multiple: true },
  };
  for (const flag of known.keys()) options[flag] = { type: "string", multiple: true };
  try {
    const { values } = parseArgs({ args: withBooleanValues(argv, known), options, strict: true });
    return Object.fromEntries(
      Object.entries(values).map(([flag, value]) => [flag, lastOrAll(known.get(flag), value)]),
    );
  } catch (error) {
    throw new ConfigError(`${messageOf(error)}. Run with --help for the flags.`);
  }
}

/** As Go programs do, `--flag` alone means `--flag=true` when the flag is a boolean. */
function withBooleanValues(argv: readonly string[], known: Map<string, TSchema>): string[] {
  return argv.map((argument) => {
    const type = known.get(argument.replace(/^--/, ""));
    const isBoolean = type !== undefined && typeOf(type) === "boolean";
    return isBoolean && argument.startsWith("--") ? `${argument}=true` : argument;
  });
}

function lastOrAll(type: TSchema | undefined, value: unknown): string {
  const all = (Array.isArray(value) ? value : [value]).map(String);
  return type !== undefined && typeOf(type) === "array" ? all.join(",") : (all.at(-1) ?? "");
}

function fromText(type: TSchema, text: string, property: string): unknown {
  switch (typeOf(type)) {
    case "boolean":
      if (text !== "true" && text !== "false") {
        throw new ConfigError(`--${flagName(property)}: "${text}" is neither true nor false.`);
      }
      return text === "true";
    case "integer":
    case "number": {
      const number = text.trim() === "" ? Number.NaN : Number(text);
      if (Number.isNaN(number)) {
        throw new ConfigError(`--${flagName(property)}: "${text}" is not a number.`);
      }
      return number;
    }
    case "array":
      return text === "" ? [] : text.split(",");
    default:
      return text;
  }
}

function checkConfig(schema: TObject, config: Record<string, unknown>): void {
  for (const property of schema.required ?? []) {
    if (!(property in config)) {
      throw new ConfigError(
        `--${flagName(property)} is required (or ${envName(property)} in the environment).`,
      );
    }
  }
  for (const [property, type] of Object.entries(schema.properties)) {
    if (!(property in config) || Value.Check(type, config[property])) continue;
    const [first] = Value.Errors(type, config[property]);
    throw new ConfigError(
      `--${flagName(property)}: "${String(config[property])}" ${first?.message ?? "is not valid"}.`,
    );
  }
}

function typeOf(type: TSchema): unknown {
  return (type as { type?: unknown }).type;
}

function defaultOf(type: TSchema): unknown {
  return (type as { default?: unknown }).default;
}

function descriptionOf(type: TSchema): string {
  return (type as { description?: string }).description ?? "";
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

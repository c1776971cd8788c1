import {
  invalidValue,
  type JSONSchemaProps,
  notSupported,
  required,
  type StatusCause,
  type ValidationRule,
} from "@kubehop/api";
import { type CelProgram, compileCel, type CelType } from "./cel.ts";
import { longest, toCel } from "./cel-values.ts";
import { oldItems } from "./list-rules.ts";
import { childPath, fieldOf, schemaOf } from "./object-rules.ts";
import type { Place } from "./value-rules.ts";

const REASONS = [
  "FieldValueDuplicate",
  "FieldValueForbidden",
  "FieldValueInvalid",
  "FieldValueRequired",
] as const;
type Reason = (typeof REASONS)[number];

/** Steps a rule may take: the longest list to the power of its loops' depth. */
const BUDGET = 10_000_000;

/** Programs kept compiled; a program is small, a definition has a handful of rules. */
const LIMIT = 1_000;
const programs = new Map<string, CelProgram>();

/** What is wrong with the rules of a schema: they must compile (x-kubernetes-validations, KEP-2876). */
export function validationRuleCauses(schema: JSONSchemaProps, field: string): StatusCause[] {
  return (schema["x-kubernetes-validations"] ?? []).flatMap((rule, index) => {
    const at = `${field}.x-kubernetes-validations[${index}]`;
    return [
      ...expressionCauses(rule, at),
      ...(rule.reason === undefined || isReason(rule.reason)
        ? []
        : [notSupported(`${at}.reason`, rule.reason, REASONS)]),
      ...(rule.optionalOldSelf === true
        ? [invalidValue(`${at}.optionalOldSelf`, true, "this server does not support it")]
        : []),
    ];
  });
}

function expressionCauses(rule: ValidationRule, at: string): StatusCause[] {
  const { rule: source = "", messageExpression } = rule;
  if (source.trim() === "") return [required(`${at}.rule`, "rule is not specified")];
  return [
    ...compileCauses(source, "bool", `${at}.rule`),
    ...(messageExpression === undefined
      ? []
      : compileCauses(messageExpression, "string", `${at}.messageExpression`)),
  ];
}

function compileCauses(source: string, type: CelType, field: string): StatusCause[] {
  try {
    programOf(source, type);
    return [];
  } catch (error) {
    return [invalidValue(field, source, `compilation failed: ${(error as Error).message}`)];
  }
}

/** What the rules of a schema and of those in it find wrong with a value that fits the schema. */
export function brokenRules(place: Place): StatusCause[] {
  const { value, old, schema, path } = place;
  const rules = schema["x-kubernetes-validations"] ?? [];
  const causes = value === null ? [] : rules.flatMap((rule) => ruleCauses(rule, place));
  if (Array.isArray(value)) return [...causes, ...brokenItemRules(value, place)];
  if (typeof value !== "object" || value === null) return causes;
  const fields = Object.entries(value).flatMap(([name, field]) => {
    const child = schemaOf(schema, name);
    if (child === undefined) return [];
    const at = childPath(path, name);
    return brokenRules({ value: field, schema: child, path: at, ...oldOf(fieldOf(old, name)) });
  });
  return [...causes, ...fields];
}

function brokenItemRules(items: readonly unknown[], { old, schema, path }: Place): StatusCause[] {
  const { items: itemSchema } = schema;
  if (itemSchema === undefined || Array.isArray(itemSchema)) return [];
  const before = oldItems(old, schema);
  return items.flatMap((value, index) => {
    const child = { value, schema: itemSchema, path: `${path}[${index}]` };
    return brokenRules({ ...child, ...oldOf(before(value)) });
  });
}

function oldOf(old: unknown): { readonly old?: unknown } {
  return old === undefined ? {} : { old };
}

function ruleCauses(rule: ValidationRule, { value, old, schema, path }: Place): StatusCause[] {
  const { rule: source = "", message } = rule;
  const field = rule.fieldPath === undefined ? path : `${path}${rule.fieldPath}`;
  const shown = schema.type ?? "object";
  const text = message ?? `failed rule: ${source.trim()}`;
  try {
    const program = programOf(source, "bool");
    if (program.usesOldSelf && old === undefined) return [];
    if (longest(value) ** program.loops > BUDGET) {
      const why =
        "validation failed due to running out of cost budget, no further validation rules will be run";
      return [invalidValue(field, shown, why)];
    }
    const context = {
      self: toCel(value, schema),
      ...(old !== undefined && { oldSelf: toCel(old, schema) }),
    };
    if (program.evaluate(context) === true) return [];
    return [causeOf(rule, field, shown, messageOf(rule, context) ?? text)];
  } catch (error) {
    return [invalidValue(field, shown, `${(error as Error).message} evaluating rule: ${text}`)];
  }
}

function messageOf(
  rule: ValidationRule,
  context: Readonly<Record<string, unknown>>,
): string | undefined {
  if (rule.messageExpression === undefined) return undefined;
  try {
    const text = programOf(rule.messageExpression, "string").evaluate(context);
    return typeof text === "string" && text.trim() !== "" ? text : undefined;
  } catch {
    // As upstream: a message that can't be made is not worth a refusal of its own.
    return undefined;
  }
}

function causeOf(rule: ValidationRule, field: string, shown: string, text: string): StatusCause {
  const reason = isReason(rule.reason) ? rule.reason : "FieldValueInvalid";
  const value = JSON.stringify(shown);
  const messages: Readonly<Record<Reason, string>> = {
    FieldValueInvalid: `Invalid value: ${value}: ${text}`,
    FieldValueForbidden: `Forbidden: ${text}`,
    FieldValueRequired: `Required value: ${text}`,
    FieldValueDuplicate: `Duplicate value: ${value}`,
  };
  return { reason, message: messages[reason], field };
}

function isReason(text: string | undefined): text is Reason {
  return (REASONS as readonly (string | undefined)[]).includes(text);
}

function programOf(source: string, type: CelType): CelProgram {
  const key = `${type} ${source}`;
  const known = programs.get(key);
  if (known !== undefined) return known;
  const program = compileCel(source, type);
  if (programs.size >= LIMIT) programs.clear();
  programs.set(key, program);
  return program;
}

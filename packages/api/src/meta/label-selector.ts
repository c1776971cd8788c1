import type { StatusCause } from "../status/reasons.ts";
import { invalidValue } from "../status/field-errors.ts";
import { badRequest } from "../status/status-error.ts";
import type { LabelSelector, LabelSelectorRequirement } from "./condition.ts";
import { isQualifiedName, isValidLabelValue } from "./names.ts";

/** What a requirement asks of a label; `=` is In with one value, `!=` NotIn with one. */
export type LabelOperator = "In" | "NotIn" | "Exists" | "DoesNotExist" | "GreaterThan" | "LessThan";

/** One condition on one label. */
export interface LabelRequirement {
  readonly key: string;
  readonly operator: LabelOperator;
  readonly values: readonly string[];
}

/** Conditions that must all hold; empty selects everything. */
export type Selector = readonly LabelRequirement[];

/** Selects every object. */
export const EVERYTHING: Selector = [];

/** Selects no object: what a missing LabelSelector means. */
export const NOTHING: Selector = [{ key: "", operator: "In", values: [] }];

type Labels = Readonly<Record<string, string>> | undefined;

/** Whether labels fulfil a selector. */
export function labelSelectorMatches(selector: Selector, labels: Labels): boolean {
  for (const { key, operator, values } of selector) {
    if (!TESTS[operator](valueOf(labels, key), values)) return false;
  }
  return true;
}

/** A label's value; what an object inherits (`constructor`) is no label. */
function valueOf(labels: Labels, key: string): string | undefined {
  return labels !== undefined && Object.hasOwn(labels, key) ? labels[key] : undefined;
}

type Test = (value: string | undefined, values: readonly string[]) => boolean;

const TESTS: Readonly<Record<LabelOperator, Test>> = {
  In: (value, values) => value !== undefined && values.includes(value),
  NotIn: (value, values) => value === undefined || !values.includes(value),
  Exists: (value) => value !== undefined,
  DoesNotExist: (value) => value === undefined,
  GreaterThan: (value, [bound]) => compare(value, bound, (a, b) => a > b),
  LessThan: (value, [bound]) => compare(value, bound, (a, b) => a < b),
};

const INTEGER = /^[+-]?[0-9]{1,19}$/;

function compare(
  value: string | undefined,
  bound: string | undefined,
  holds: (a: bigint, b: bigint) => boolean,
): boolean {
  if (value === undefined || bound === undefined) return false;
  return INTEGER.test(value) && holds(toBigInt(value), toBigInt(bound));
}

function toBigInt(text: string): bigint {
  return BigInt(text.startsWith("+") ? text.slice(1) : text);
}

/** Selector for a map of labels that must all be equal (Service.spec.selector). */
export function selectorFromMap(labels: Labels): Selector {
  return Object.entries(labels ?? {}).map(([key, value]) => equal(key, value));
}

const OPERATORS: Readonly<Record<LabelSelectorRequirement["operator"], LabelOperator>> = {
  In: "In",
  NotIn: "NotIn",
  Exists: "Exists",
  DoesNotExist: "DoesNotExist",
};

/**
 * Selector for a LabelSelector object: absent selects nothing, empty selects everything.
 * @throws StatusError 400 for an operator that does not exist.
 */
export function selectorFromLabelSelector(selector: LabelSelector | undefined): Selector {
  if (selector === undefined) return NOTHING;
  const expressions = (selector.matchExpressions ?? []).map(({ key, operator, values }) => {
    const known = OPERATORS[operator];
    if (known === undefined) {
      throw badRequest(`${JSON.stringify(operator)} is not a valid label selector operator`);
    }
    return { key, operator: known, values: values ?? [] };
  });
  return [...selectorFromMap(selector.matchLabels), ...expressions];
}

/** Text of a selector, sorted by key, as `kubectl` and Scale.status.selector show it. */
export function formatLabelSelector(selector: Selector): string {
  const parts = selector.toSorted((a, b) => (a.key < b.key ? -1 : 1)).map(formatRequirement);
  return parts.join(",");
}

function formatRequirement({ key, operator, values }: LabelRequirement): string {
  const [first = ""] = values;
  const many = `(${values.toSorted().join(",")})`;
  const texts: Readonly<Record<LabelOperator, string>> = {
    In: values.length === 1 ? `${key}=${first}` : `${key} in ${many}`,
    NotIn: values.length === 1 ? `${key}!=${first}` : `${key} notin ${many}`,
    Exists: key,
    DoesNotExist: `!${key}`,
    GreaterThan: `${key}>${first}`,
    LessThan: `${key}<${first}`,
  };
  return texts[operator];
}

/** A requirement from a parsed query, or what is wrong with it. */
export function requirementErrors({ key, operator, values }: LabelRequirement): StatusCause[] {
  const errors: StatusCause[] = [];
  const [wrongKey] = keyErrors("key", key);
  if (wrongKey !== undefined) errors.push(wrongKey);
  if ((operator === "In" || operator === "NotIn") && values.length === 0) {
    const why = "for 'in', 'notin' operators, values set can't be empty";
    errors.push(invalidValue("values", values, why));
  }
  values.forEach((value, index) => {
    if ((operator === "GreaterThan" || operator === "LessThan") && !INTEGER.test(value)) {
      const why = "for 'Gt', 'Lt' operators, the value must be an integer";
      errors.push(invalidValue(`values[${index}]`, value, why));
    }
    const wrong = isValidLabelValue(value);
    if (wrong.length > 0) {
      errors.push(invalidValue(`values[${index}][${key}]`, value, wrong.join("; ")));
    }
  });
  return errors;
}

/** What is wrong with a label's key. */
export function keyErrors(field: string, key: string): StatusCause[] {
  const wrong = isQualifiedName(key);
  return wrong.length > 0 ? [invalidValue(field, key, wrong.join("; "))] : [];
}

function equal(key: string, value: string): LabelRequirement {
  return { key, operator: "In", values: [value] };
}

import {
  invalidValue,
  type JSONSchemaProps,
  notSupported,
  type StatusCause,
  tooLong,
  typeInvalid,
} from "@kubehop/api";
import { isDeepStrictEqual } from "node:util";
import { isFormat } from "./formats.ts";
import { patternOf } from "./pattern.ts";

/** The value must be one of the schema's. */
export function enumCauses(value: unknown, schema: JSONSchemaProps, path: string): StatusCause[] {
  const values = schema.enum;
  if (values === undefined || values.some((one) => isDeepStrictEqual(one, value))) return [];
  const texts = values.map((one) => (typeof one === "string" ? one : JSON.stringify(one)));
  return [notSupported(path, value, texts)];
}

/** Length, pattern and format of a text. */
export function textCauses(value: string, schema: JSONSchemaProps, path: string): StatusCause[] {
  const { pattern = "", format = "" } = schema;
  const causes = lengthCauses(value, schema, path);
  if (pattern !== "" && patternOf(pattern)?.test(value) === false) {
    causes.push(invalidValue(path, value, `${path} in body should match '${pattern}'`));
  }
  if (!isFormat(format, value)) {
    const why = `${path} in body must be of type ${format}: ${JSON.stringify(value)}`;
    causes.push(typeInvalid(path, value, why));
  }
  return causes;
}

function lengthCauses(value: string, schema: JSONSchemaProps, path: string): StatusCause[] {
  const { maxLength = Number.POSITIVE_INFINITY, minLength = 0 } = schema;
  if (minLength === 0 && value.length <= maxLength) return [];
  // Go counts characters, not UTF-16 units.
  const length = Array.from(value).length;
  const causes: StatusCause[] = [];
  if (length > maxLength) causes.push(tooLong(path, maxLength));
  if (length < minLength) {
    const why = `${path} in body should be at least ${minLength} chars long`;
    causes.push(invalidValue(path, value, why));
  }
  return causes;
}

const INT32 = 2 ** 31;

/** Limits of a number. */
export function numberCauses(value: number, schema: JSONSchemaProps, path: string): StatusCause[] {
  const { multipleOf = 0, format } = schema;
  const problems = [maximumProblem(value, schema), minimumProblem(value, schema)];
  if (multipleOf > 0 && !isMultiple(value, multipleOf)) {
    problems.push(`should be a multiple of ${multipleOf}`);
  }
  const isTooWide = format === "int32" && (value >= INT32 || value < -INT32);
  if (isTooWide) problems.push(`must be of type int32: ${JSON.stringify(String(value))}`);
  return problems
    .filter((problem) => problem !== undefined)
    .map((problem) => invalidValue(path, value, `${path} in body ${problem}`));
}

function maximumProblem(value: number, schema: JSONSchemaProps): string | undefined {
  const { maximum = Number.POSITIVE_INFINITY, exclusiveMaximum = false } = schema;
  if (exclusiveMaximum && value >= maximum) return `should be less than ${maximum}`;
  return value > maximum ? `should be less than or equal to ${maximum}` : undefined;
}

function minimumProblem(value: number, schema: JSONSchemaProps): string | undefined {
  const { minimum = Number.NEGATIVE_INFINITY, exclusiveMinimum = false } = schema;
  if (exclusiveMinimum && value <= minimum) return `should be greater than ${minimum}`;
  return value < minimum ? `should be greater than or equal to ${minimum}` : undefined;
}

/** Floats: 0.3 is a multiple of 0.1 although 0.3 % 0.1 is not 0. */
function isMultiple(value: number, of: number): boolean {
  const factor = value / of;
  return Math.abs(factor - Math.round(factor)) < 1e-9;
}

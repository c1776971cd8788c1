import { invalidValue, notSupported, required, type StatusCause } from "@kubehop/api";
import { isDeepStrictEqual } from "node:util";

/** The field must not change. */
export function immutable(
  field: string,
  value: unknown,
  old: unknown,
  why: string = "field is immutable",
): StatusCause[] {
  return isDeepStrictEqual(value, old) ? [] : [invalidValue(field, value, why)];
}

/** The number must be ≥ 0; absent is good. */
export function nonNegative(field: string, value: number | undefined): StatusCause[] {
  if (value === undefined || value >= 0) return [];
  return [invalidValue(field, value, "must be greater than or equal to 0")];
}

/** The number must be > 0; absent is good. */
export function positive(field: string, value: number | undefined): StatusCause[] {
  if (value === undefined || value > 0) return [];
  return [invalidValue(field, value, "must be greater than 0")];
}

/** The value must be one of a set; absent is good. */
export function oneOf(
  field: string,
  value: string | undefined,
  supported: readonly string[],
): StatusCause[] {
  if (value === undefined || supported.includes(value)) return [];
  return [notSupported(field, value, supported)];
}

/** The value must be there and be one of a set. */
export function requiredOneOf(
  field: string,
  value: string | undefined,
  supported: readonly string[],
): StatusCause[] {
  if (value === undefined || value === "") return [required(field)];
  return oneOf(field, value, supported);
}

/** The value must be there and pass a check that gives sentences. */
export function requiredText(
  field: string,
  value: string | undefined,
  check: (value: string) => readonly string[] = () => [],
): StatusCause[] {
  if (value === undefined || value === "") return [required(field)];
  return checkedText(field, value, check);
}

/** The value must pass a check that gives sentences; absent or empty is good. */
export function checkedText(
  field: string,
  value: string | undefined,
  check: (value: string) => readonly string[],
): StatusCause[] {
  if (value === undefined || value === "") return [];
  return check(value).map((why) => invalidValue(field, value, why));
}

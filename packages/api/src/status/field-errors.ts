import type { CauseReason, StatusCause } from "./reasons.ts";

/** The field is missing. */
export function required(field: string, why = ""): StatusCause {
  return cause("FieldValueRequired", field, `Required value${suffix(why)}`);
}

/** The field's value breaks a rule; lists of texts are shown as Go shows them, the rest as JSON. */
export function invalidValue(field: string, value: unknown, why: string): StatusCause {
  return cause("FieldValueInvalid", field, `Invalid value: ${shown(value)}${suffix(why)}`);
}

/** The field's value has the wrong JSON type; `value` is what upstream shows, the type's name. */
export function typeInvalid(field: string, value: unknown, why: string): StatusCause {
  return cause("FieldValueTypeInvalid", field, `Invalid value: ${shown(value)}${suffix(why)}`);
}

/** The field's value is not one of a fixed set. */
export function notSupported(
  field: string,
  value: unknown,
  supported: readonly string[],
): StatusCause {
  const values = supported.toSorted().map((one) => JSON.stringify(one));
  const message = `Unsupported value: ${shown(value)}: supported values: ${values.join(", ")}`;
  return cause("FieldValueNotSupported", field, message);
}

/** The value stands there already. */
export function duplicate(field: string, value: unknown): StatusCause {
  return cause("FieldValueDuplicate", field, `Duplicate value: ${shown(value)}`);
}

/** The value names something that does not exist. */
export function valueNotFound(field: string, value: unknown): StatusCause {
  return cause("FieldValueNotFound", field, `Not found: ${shown(value)}`);
}

/** The field may not be set here, or not be changed. */
export function forbiddenField(field: string, why: string): StatusCause {
  return cause("FieldValueForbidden", field, `Forbidden${suffix(why)}`);
}

/** The value is longer than `max` bytes. */
export function tooLong(field: string, max: number): StatusCause {
  const message = `Too long: may not be more than ${max} bytes`;
  return cause("FieldValueTooLong", field, message);
}

/** The list has more than `max` items. */
export function tooMany(field: string, actual: number, max: number): StatusCause {
  const message = `Too many: ${actual}: must have at most ${max} items`;
  return cause("FieldValueTooMany", field, message);
}

function cause(reason: CauseReason, field: string, message: string): StatusCause {
  return { reason, message, field };
}

function suffix(why: string): string {
  return why === "" ? "" : `: ${why}`;
}

function shown(value: unknown): string {
  if (value === undefined) return "null";
  const isTexts = Array.isArray(value) && value.every((item) => typeof item === "string");
  if (!isTexts) return JSON.stringify(value);
  return `[]string{${value.map((item) => JSON.stringify(item)).join(", ")}}`;
}

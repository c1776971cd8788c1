import { isObject } from "../patch/merge-patch.ts";
import { type FieldType, type ListType, resolveType } from "./field-type.ts";
import { elementOf, missingKey } from "./list-items.ts";
import { fieldElement, formatPath, type PathElement } from "./path-element.ts";

/** Most errors that are told. */
const LIMIT = 10;

/**
 * What keeps a value from being applied, each with its path: fields nobody declared, lists with
 * items that come twice or lack a key, maps and lists that are none
 * (source: structured-merge-diff's typed.Validate).
 */
export function configurationErrors(type: FieldType, value: unknown): readonly string[] {
  const errors: string[] = [];
  check(type, value, [], errors);
  return errors;
}

type Path = readonly PathElement[];

function check(type: FieldType, value: unknown, path: Path, errors: string[]): void {
  if (value === null || errors.length >= LIMIT) return;
  const resolved = resolveType(type, value);
  if (resolved.form === "map") checkMap(resolved, value, path, errors);
  else if (resolved.form === "list") checkList(resolved, value, path, errors);
  else if (typeof value === "object") tell(errors, path, `expected scalar, got ${formOf(value)}`);
}

function checkMap(
  type: Extract<FieldType, { form: "map" }>,
  value: unknown,
  path: Path,
  errors: string[],
): void {
  if (!isObject(value)) {
    tell(errors, path, `expected map, got ${formOf(value)}`);
    return;
  }
  for (const name of Object.keys(value)) {
    const below = type.of(name);
    const here = [...path, fieldElement(name)];
    if (below === undefined) tell(errors, here, "field not declared in schema");
    else check(below, value[name], here, errors);
  }
}

function checkList(type: ListType, value: unknown, path: Path, errors: string[]): void {
  if (!Array.isArray(value)) {
    tell(errors, path, `expected list, got ${formOf(value)}`);
    return;
  }
  const seen = new Set<PathElement>();
  for (const [index, item] of value.entries()) {
    if (type.relation === "atomic") {
      check(type.items, item, [...path, `i:${index}`], errors);
      continue;
    }
    const missing = missingKey(type, item);
    const element = elementOf(type, item);
    if (missing !== undefined || element === undefined) {
      const why = `associative list with keys has an element that omits key field "${missing ?? ""}" (and doesn't have default value)`;
      tell(errors, path, `element ${index}: ${why}`);
      continue;
    }
    const here = [...path, element];
    if (seen.has(element)) tell(errors, path, `duplicate entries for key ${formatPath([element])}`);
    seen.add(element);
    check(type.items, item, here, errors);
  }
}

function tell(errors: string[], path: Path, why: string): void {
  if (errors.length < LIMIT) errors.push(path.length === 0 ? why : `${formatPath(path)}: ${why}`);
}

function formOf(value: unknown): string {
  if (Array.isArray(value)) return "list";
  return isObject(value) ? "map" : typeof value;
}

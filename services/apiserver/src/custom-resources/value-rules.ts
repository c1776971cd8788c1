import { invalidValue, type JSONSchemaProps, type StatusCause, typeInvalid } from "@kubehop/api";
import { isDeepStrictEqual } from "node:util";
import { listCauses } from "./list-rules.ts";
import { objectCauses } from "./object-rules.ts";
import { enumCauses, numberCauses, textCauses } from "./scalar-rules.ts";

/** A value, its schema, where it stands (`spec.replicas`), and what stood there before. */
export interface Place {
  readonly value: unknown;
  readonly schema: JSONSchemaProps;
  readonly path: string;
  readonly old?: unknown;
}

/** Judges a value inside another one. */
export type Judge = (place: Place) => StatusCause[];

/**
 * What a schema finds wrong with a value, in kube-openapi's words. What an update leaves as it was
 * is not judged again (KEP-4008, ratcheting).
 */
export function valueCauses(place: Place): StatusCause[] {
  const { value, schema, path, old } = place;
  if (old !== undefined && isDeepStrictEqual(value, old)) return [];
  if (value === null && schema.nullable === true) return [];
  const wrongType = typeCauses(value, schema, path);
  if (wrongType.length > 0) return wrongType;
  return [...enumCauses(value, schema, path), ...contentCauses(place), ...junctorCauses(place)];
}

function contentCauses(place: Place): StatusCause[] {
  const { value, schema, path } = place;
  if (typeof value === "string") return textCauses(value, schema, path);
  if (typeof value === "number") return numberCauses(value, schema, path);
  if (Array.isArray(value)) return listCauses(value, place, valueCauses);
  if (typeof value !== "object" || value === null) return [];
  return objectCauses(value as Readonly<Record<string, unknown>>, place, valueCauses);
}

function typeCauses(value: unknown, schema: JSONSchemaProps, path: string): StatusCause[] {
  const isIntOrString = schema["x-kubernetes-int-or-string"] === true;
  const expected = isIntOrString ? "integer,string" : (schema.type ?? "");
  if (expected === "") return [];
  const actual = typeOf(value);
  const isNumber = expected === "number" && actual === "integer";
  if (isNumber || expected.split(",").includes(actual)) return [];
  const why = `${path} in body must be of type ${expected}: ${JSON.stringify(actual)}`;
  return [typeInvalid(path, actual, why)];
}

/** The JSON type, as kube-openapi names it. */
function typeOf(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "array";
  return typeof value === "number" && Number.isInteger(value) ? "integer" : typeof value;
}

/** allOf, anyOf, oneOf and not; upstream tells of them without a field. */
function junctorCauses(place: Place): StatusCause[] {
  const { allOf = [], anyOf = [], oneOf = [], not } = place.schema;
  const judge = (schema: JSONSchemaProps): StatusCause[] => valueCauses({ ...place, schema });
  const bad = (why: string): StatusCause =>
    invalidValue("<nil>", "", `${JSON.stringify(place.path)} must ${why}`);
  const failed = allOf.map(judge).filter((found) => !isEmpty(found));
  const causes = isEmpty(failed) ? [] : [bad("validate all the schemas (allOf)"), ...failed.flat()];
  const any = anyOf.map(judge);
  if (!isEmpty(any) && !any.some(isEmpty)) {
    causes.push(bad("validate at least one schema (anyOf)"), ...shortest(any));
  }
  if (!isEmpty(oneOf)) causes.push(...oneOfCauses(oneOf.map(judge), bad));
  if (not !== undefined && isEmpty(judge(not))) causes.push(bad("not validate the schema (not)"));
  return causes;
}

function oneOfCauses(
  alternatives: readonly StatusCause[][],
  bad: (why: string) => StatusCause,
): readonly StatusCause[] {
  const valid = alternatives.filter(isEmpty).length;
  if (valid === 1) return [];
  const only = "validate one and only one schema (oneOf). Found";
  if (valid > 1) return [bad(`${only} ${valid} valid alternatives`)];
  return [bad(`${only} none valid`), ...shortest(alternatives)];
}

function isEmpty(list: readonly unknown[]): boolean {
  return list.length === 0;
}

/** The complaints of the alternative that came nearest. */
function shortest(alternatives: readonly StatusCause[][]): readonly StatusCause[] {
  return alternatives.reduce((best, one) => (one.length < best.length ? one : best));
}

import { invalid, notSupported, type StatusCause } from "@kubehop/api";

/** What to do with unknown and duplicate fields of a body. */
export type FieldValidation = "Ignore" | "Warn" | "Strict";

/** Options of create, update and patch. */
export interface WriteOptions {
  /** Do everything but store. */
  readonly dryRun: boolean;
  readonly fieldValidation: FieldValidation;
}

const FIELD_VALIDATIONS: readonly FieldValidation[] = ["Ignore", "Strict", "Warn"];

/** Reads the options of a write; `kind` is the options' kind for the 422 text. */
export function parseWriteOptions(
  query: URLSearchParams,
  kind: "CreateOptions" | "UpdateOptions" | "PatchOptions",
): WriteOptions {
  const dryRun = query.getAll("dryRun").filter((value) => value !== "");
  const fieldValidation = query.get("fieldValidation") ?? "";
  const causes = [
    ...dryRunCauses(dryRun),
    ...(fieldValidation === "" || isFieldValidation(fieldValidation)
      ? []
      : [notSupported("fieldValidation", fieldValidation, FIELD_VALIDATIONS)]),
  ];
  if (causes.length > 0) throw invalid({ group: "meta.k8s.io", kind }, "", causes);
  return {
    dryRun: dryRun.length > 0,
    fieldValidation: isFieldValidation(fieldValidation) ? fieldValidation : "Warn",
  };
}

/** What is wrong with the values of dryRun. */
export function dryRunCauses(values: readonly string[]): StatusCause[] {
  return values
    .filter((value) => value !== "All")
    .map((value) => notSupported("dryRun", value, ["All"]));
}

function isFieldValidation(text: string): text is FieldValidation {
  return (FIELD_VALIDATIONS as readonly string[]).includes(text);
}

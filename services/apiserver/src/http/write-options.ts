import {
  forbiddenField,
  invalid,
  invalidValue,
  notSupported,
  required,
  type StatusCause,
  tooLong,
} from "@kubehop/api";
import { isTrue } from "./request-info.ts";

/** What to do with unknown and duplicate fields of a body. */
export type FieldValidation = "Ignore" | "Warn" | "Strict";

/** Options of create, update and patch. */
export interface WriteOptions {
  /** Do everything but store. */
  readonly dryRun: boolean;
  readonly fieldValidation: FieldValidation;
  /** Who owns the fields that the write changes; empty when the request does not say. */
  readonly fieldManager: string;
  /** Apply: take fields from other managers. */
  readonly force: boolean;
}

/** Most characters of a field manager's name. */
const MANAGER_LIMIT = 128;

const FIELD_VALIDATIONS: readonly FieldValidation[] = ["Ignore", "Strict", "Warn"];

/**
 * Reads the options of a write; `kind` is the options' kind for the 422 text. An apply must name
 * its manager, and only an apply may be forced.
 */
export function parseWriteOptions(
  query: URLSearchParams,
  kind: "CreateOptions" | "UpdateOptions" | "PatchOptions",
  isApply = false,
): WriteOptions {
  const dryRun = query.getAll("dryRun").filter((value) => value !== "");
  const fieldValidation = query.get("fieldValidation") ?? "";
  const fieldManager = query.get("fieldManager") ?? "";
  const causes = [
    ...(kind === "PatchOptions" ? applyCauses(query, isApply) : []),
    ...managerCauses(fieldManager),
    ...dryRunCauses(dryRun),
    ...(fieldValidation === "" || isFieldValidation(fieldValidation)
      ? []
      : [notSupported("fieldValidation", fieldValidation, FIELD_VALIDATIONS)]),
  ];
  if (causes.length > 0) throw invalid({ group: "meta.k8s.io", kind }, "", causes);
  return {
    dryRun: dryRun.length > 0,
    fieldValidation: isFieldValidation(fieldValidation) ? fieldValidation : "Warn",
    fieldManager,
    force: isApply && isTrue(query.get("force")),
  };
}

/** The manager's name for a request that names none: its User-Agent up to the first slash. */
export function managerOfAgent(userAgent = ""): string {
  const [agent = ""] = userAgent.split("/");
  return agent.replaceAll(UNPRINTABLE, "").slice(0, MANAGER_LIMIT);
}

const UNPRINTABLE = /[^\p{L}\p{M}\p{N}\p{P}\p{S} ]/gu;

function applyCauses(query: URLSearchParams, isApply: boolean): StatusCause[] {
  const unnamed = isApply && (query.get("fieldManager") ?? "") === "";
  if (unnamed) return [required("fieldManager", "is required for apply patch")];
  const forced = !isApply && query.has("force");
  return forced ? [forbiddenField("force", "may not be specified for non-apply patch")] : [];
}

function managerCauses(name: string): StatusCause[] {
  const causes = name.length > MANAGER_LIMIT ? [tooLong("fieldManager", MANAGER_LIMIT)] : [];
  for (const { 0: letter, index } of name.matchAll(UNPRINTABLE)) {
    const code = (letter.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0");
    const why = `invalid character U+${code} (at position ${index})`;
    causes.push(invalidValue("fieldManager", name, why));
  }
  return causes;
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

import { StatusError } from "../status/status-error.ts";
import { pathsOf } from "./field-set.ts";
import type { FieldManager, ManagedSet } from "./managers.ts";

/**
 * 409 for an apply that would change fields of other managers, one cause for each field (texts:
 * managedfields/internal/conflict.go).
 */
export function conflictError(conflicts: readonly ManagedSet[]): StatusError {
  const all = conflicts
    .map(({ manager, fields }) => ({ who: describe(manager), paths: pathsOf(fields) }))
    .toSorted((a, b) => (a.who < b.who ? -1 : 1));
  const causes = all.flatMap(({ who, paths }) =>
    paths.map((field) => ({
      reason: "FieldManagerConflict" as const,
      message: `conflict with ${who}`,
      field,
    })),
  );
  const [only] = causes;
  const text =
    causes.length === 1
      ? `1 conflict: ${only?.message}: ${only?.field}`
      : `${causes.length} conflicts: ${all.flatMap(linesOf).join("\n")}`;
  return new StatusError({
    kind: "Status",
    apiVersion: "v1",
    metadata: {},
    status: "Failure",
    message: `Apply failed with ${text}`,
    reason: "Conflict",
    details: { causes },
    code: 409,
  });
}

function linesOf({ who, paths }: { who: string; paths: readonly string[] }): string[] {
  return [`conflicts with ${who}:`, ...paths.map((path) => `- ${path}`)];
}

function describe({ name, operation, apiVersion, subresource }: FieldManager): string {
  const through =
    subresource === undefined ? "" : ` with subresource ${JSON.stringify(subresource)}`;
  return `${JSON.stringify(name)}${through}${operation === "Update" ? ` using ${apiVersion}` : ""}`;
}

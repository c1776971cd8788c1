import {
  type CustomResourceDefinition,
  type CustomResourceDefinitionNames,
  forbiddenField,
  invalidValue,
  isDNS1035Label,
  isDNS1123Subdomain,
  notSupported,
  required,
  type StatusCause,
} from "@kubehop/api";
import { isDeepStrictEqual } from "node:util";
import { versionCauses } from "./version-rules.ts";

const NAMES = "spec.names";
const SCOPES = ["Cluster", "Namespaced"];

/** The name a definition must have. */
export function definitionName({
  spec: { group = "", names = {} },
}: CustomResourceDefinition): string {
  return `${names.plural ?? ""}.${group}`;
}

/**
 * What is wrong with a CustomResourceDefinition, in upstream's words (source: apiextensions
 * pkg/apis/apiextensions/validation/validation.go).
 */
export function definitionCauses(definition: CustomResourceDefinition): StatusCause[] {
  const { metadata, spec } = definition;
  const { names = {}, versions = [] } = spec;
  const causes: StatusCause[] = [];
  if (metadata.name !== definitionName(definition)) {
    const why = `must be spec.names.plural+"."+spec.group`;
    causes.push(invalidValue("metadata.name", metadata.name, why));
  }
  causes.push(...groupCauses(spec.group ?? ""), ...scopeCauses(spec.scope ?? ""));
  causes.push(...nameCauses(names));
  if (versions.length === 0)
    causes.push(required("spec.versions", "must have at least one version"));
  for (const [index, version] of versions.entries()) {
    causes.push(...versionCauses(version, `spec.versions[${index}]`));
  }
  return [...causes, ...versionListCauses(definition), ...otherCauses(definition)];
}

/** What may not change of a definition that is served. */
export function definitionUpdateCauses(
  { spec }: CustomResourceDefinition,
  old: CustomResourceDefinition,
): StatusCause[] {
  const isEstablished = old.status?.conditions?.some(
    ({ type, status }) => type === "Established" && status === "True",
  );
  const fields: readonly (readonly [string, unknown, unknown])[] = [
    ["spec.group", spec.group, old.spec.group],
    ["spec.names.plural", spec.names?.plural, old.spec.names?.plural],
    ...(isEstablished === true
      ? ([
          ["spec.scope", spec.scope, old.spec.scope],
          ["spec.names.kind", spec.names?.kind, old.spec.names?.kind],
        ] as const)
      : []),
  ];
  return [
    ...fields
      .filter(([, next, before]) => !isDeepStrictEqual(next, before))
      .map(([field, next]) => invalidValue(field, next ?? "", "field is immutable")),
    ...storedVersionCauses(spec.versions ?? [], old.status?.storedVersions ?? []),
  ];
}

function groupCauses(group: string): StatusCause[] {
  if (group === "") return [required("spec.group")];
  const causes = isDNS1123Subdomain(group).map((why) => invalidValue("spec.group", group, why));
  if (causes.length > 0 || group.includes(".")) return causes;
  return [invalidValue("spec.group", group, "should be a domain with at least one dot")];
}

function scopeCauses(scope: string): StatusCause[] {
  if (scope === "") return [required("spec.scope")];
  return SCOPES.includes(scope) ? [] : [notSupported("spec.scope", scope, SCOPES)];
}

const NEEDED = ["plural", "singular", "kind", "listKind"] as const;

function nameCauses(names: CustomResourceDefinitionNames): StatusCause[] {
  const { plural, singular, kind, listKind, shortNames = [], categories = [] } = names;
  const missing = NEEDED.filter((name) => (names[name] ?? "") === "");
  const causes = missing.map((name) => required(`${NAMES}.${name}`));
  causes.push(...labelCauses("plural", plural), ...labelCauses("singular", singular));
  causes.push(...shortNames.flatMap((name, index) => labelCauses(`shortNames[${index}]`, name)));
  causes.push(...kindCauses("kind", kind), ...kindCauses("listKind", listKind));
  if (kind !== undefined && kind === listKind) {
    const why = "kind and listKind may not be the same";
    causes.push(invalidValue(`${NAMES}.listKind`, listKind, why));
  }
  causes.push(...categories.flatMap((name, index) => labelCauses(`categories[${index}]`, name)));
  return causes;
}

function labelCauses(name: string, value = ""): StatusCause[] {
  if (value === "") return [];
  return isDNS1035Label(value).map((why) => invalidValue(`${NAMES}.${name}`, value, why));
}

function kindCauses(name: string, value = ""): StatusCause[] {
  if (value === "") return [];
  return isDNS1035Label(value.toLowerCase()).map((why) => {
    const text = `may have mixed case, but should otherwise match: ${why}`;
    return invalidValue(`${NAMES}.${name}`, value, text);
  });
}

function versionListCauses({ spec: { versions = [] } }: CustomResourceDefinition): StatusCause[] {
  const names = versions.map(({ name = "" }) => name);
  const causes: StatusCause[] = [];
  if (new Set(names).size < names.length) {
    causes.push(invalidValue("spec.versions", names, "must contain unique version names"));
  }
  if (versions.length > 0 && versions.filter(({ storage }) => storage === true).length !== 1) {
    const why = "must have exactly one version marked as storage version";
    causes.push(invalidValue("spec.versions", names, why));
  }
  return causes;
}

function otherCauses({ spec }: CustomResourceDefinition): StatusCause[] {
  const causes: StatusCause[] = [];
  if (spec.preserveUnknownFields === true) {
    const why =
      "cannot set to true, set x-kubernetes-preserve-unknown-fields to true in " +
      "spec.versions[*].schema instead";
    causes.push(invalidValue("spec.preserveUnknownFields", true, why));
  }
  const { strategy = "None", webhook } = spec.conversion ?? {};
  const field = "spec.conversion";
  if (strategy !== "None") causes.push(notSupported(`${field}.strategy`, strategy, ["None"]));
  else if (webhook !== undefined) {
    const why = "should not be set when strategy is not set to Webhook";
    causes.push(forbiddenField(`${field}.webhook`, why));
  }
  return causes;
}

function storedVersionCauses(
  versions: readonly { readonly name?: string }[],
  stored: readonly string[],
): StatusCause[] {
  const names = new Set(versions.map(({ name }) => name));
  return stored
    .map((version, index) => [version, index] as const)
    .filter(([version]) => !names.has(version))
    .map(([version, index]) =>
      invalidValue(
        `status.storedVersions[${index}]`,
        version,
        "missing from spec.versions; " +
          `${version} was previously a storage version, and must remain in spec.versions until a ` +
          `storage migration ensures no data remains persisted in ${version} and removes ${version} ` +
          "from status.storedVersions",
      ),
    );
}

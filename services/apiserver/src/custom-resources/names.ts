import type {
  CustomResourceDefinition,
  CustomResourceDefinitionCondition,
  CustomResourceDefinitionNames,
} from "@kubehop/api";
import { isDeepStrictEqual } from "node:util";

type Status = NonNullable<CustomResourceDefinition["status"]>;

/** The names others of the group have been given. */
interface Taken {
  readonly resources: ReadonlySet<string>;
  readonly kinds: ReadonlySet<string>;
}

/**
 * The status a definition gets among the others of its group: it is established once its names are
 * free or its own (source: apiextensions pkg/controller/status/naming_controller.go). `now` is the
 * time of conditions that change, RFC 3339.
 */
export function statusAmong(
  definition: CustomResourceDefinition,
  others: readonly CustomResourceDefinition[],
  now: string,
): Status {
  const { spec, status = {} } = definition;
  const wanted = spec.names ?? {};
  const { names, conflict } = acceptNames(
    wanted,
    status.acceptedNames ?? {},
    takenBy(others, spec.group),
  );
  const accepted: CustomResourceDefinitionCondition = conflict
    ? { type: "NamesAccepted", status: "False", ...conflict }
    : {
        type: "NamesAccepted",
        status: "True",
        reason: "NoConflicts",
        message: "no conflicts found",
      };
  const conditions = status.conditions ?? [];
  const wasEstablished = conditions.find(({ type }) => type === "Established")?.status === "True";
  const established = establishedOf(conflict === undefined, wasEstablished);
  const next = [accepted, ...(established === undefined ? [] : [established])];
  return {
    ...status,
    acceptedNames: names,
    conditions: next.reduce((all, one) => withCondition(all, one, now), conditions),
    storedVersions: status.storedVersions ?? [],
  };
}

/** The conditions with one set; its time is kept while its status is the same. */
export function withCondition(
  conditions: readonly CustomResourceDefinitionCondition[],
  condition: CustomResourceDefinitionCondition,
  now: string,
): CustomResourceDefinitionCondition[] {
  const old = conditions.find(({ type }) => type === condition.type);
  const isSame = old?.status === condition.status;
  const lastTransitionTime = isSame ? (old.lastTransitionTime ?? now) : now;
  const next = { lastTransitionTime, ...condition };
  if (old === undefined) return [...conditions, next];
  return conditions.map((one) => (one === old ? next : one));
}

/** Once established, always established. */
function establishedOf(
  isAccepted: boolean,
  wasEstablished: boolean,
): CustomResourceDefinitionCondition | undefined {
  if (wasEstablished) return undefined;
  const type = "Established";
  return isAccepted
    ? {
        type,
        status: "True",
        reason: "InitialNamesAccepted",
        message: "the initial names have been accepted",
      }
    : { type, status: "False", reason: "NotAccepted", message: "not all names are accepted" };
}

function takenBy(others: readonly CustomResourceDefinition[], group: string | undefined): Taken {
  const accepted = others
    .filter(({ spec }) => spec.group === group)
    .map(({ status }) => status?.acceptedNames ?? {});
  return {
    resources: new Set(
      accepted
        .flatMap(({ plural, singular, shortNames = [] }) => [plural, singular, ...shortNames])
        .filter(isText),
    ),
    kinds: new Set(accepted.flatMap(({ kind, listKind }) => [kind, listKind]).filter(isText)),
  };
}

interface Acceptance {
  readonly names: CustomResourceDefinitionNames;
  readonly conflict: { readonly reason: string; readonly message: string } | undefined;
}

/** Takes over each name that is free or its own already; tells of the last that is not. */
function acceptNames(
  wanted: CustomResourceDefinitionNames,
  own: CustomResourceDefinitionNames,
  taken: Taken,
): Acceptance {
  const names: CustomResourceDefinitionNames = { ...own };
  let conflict: Acceptance["conflict"];
  const take = (
    field: "plural" | "singular" | "kind" | "listKind",
    used: ReadonlySet<string>,
  ): void => {
    const name = wanted[field] ?? "";
    if (name === (own[field] ?? "") || !used.has(name)) {
      if (name !== "") names[field] = name;
      return;
    }
    const reason = `${field.slice(0, 1).toUpperCase()}${field.slice(1)}Conflict`;
    conflict = { reason, message: `${JSON.stringify(name)} is already in use` };
  };
  take("plural", taken.resources);
  take("singular", taken.resources);
  conflict = takeShortNames(names, wanted, taken.resources) ?? conflict;
  take("kind", taken.kinds);
  take("listKind", taken.kinds);
  if (wanted.categories === undefined) delete names.categories;
  else names.categories = wanted.categories;
  return { names, conflict };
}

function takeShortNames(
  names: CustomResourceDefinitionNames,
  { shortNames }: CustomResourceDefinitionNames,
  used: ReadonlySet<string>,
): Acceptance["conflict"] {
  if (isDeepStrictEqual(shortNames ?? [], names.shortNames ?? [])) return undefined;
  const own = new Set([...(names.shortNames ?? []), names.plural, names.singular]);
  const lost = (shortNames ?? []).filter((name) => !own.has(name) && used.has(name));
  if (lost.length === 0) {
    if (shortNames === undefined) delete names.shortNames;
    else names.shortNames = shortNames;
    return undefined;
  }
  const texts = lost.map((name) => `${JSON.stringify(name)} is already in use`);
  const message = texts.length === 1 ? (texts[0] ?? "") : `[${texts.join(", ")}]`;
  return { reason: "ShortNamesConflict", message };
}

function isText(text: string | undefined): text is string {
  return text !== undefined && text !== "";
}

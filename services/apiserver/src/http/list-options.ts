import {
  badRequest,
  fieldSelectorMatches,
  type FieldSelector,
  forbiddenField,
  invalid,
  invalidValue,
  type Kind,
  type KubeObject,
  labelSelectorMatches,
  notSupported,
  parseFieldSelector,
  parseLabelSelector,
  registryKey,
  registryPrefix,
  type Selector,
  type StatusCause,
  type StatusError,
} from "@kubehop/api";
import type { Selection } from "../watch/selection.ts";
import { checkFieldSelector, fieldValue } from "./field-values.ts";
import { isTrue } from "./request-info.ts";
import { storedFields, storedKind } from "./served.ts";

/** How a given resourceVersion limits what may be answered. */
export type VersionMatch = "Exact" | "NotOlderThan";

/** Options of list, watch and deletecollection. */
export interface ListOptions {
  readonly selection: Selection;
  /** Whether a label or field selector was given. */
  readonly selective: boolean;
  /** Undefined when absent; 0 means any version will do. */
  readonly revision: number | undefined;
  readonly versionMatch: VersionMatch | undefined;
  /** Most objects to answer with; 0 for all. */
  readonly limit: number;
  /** Where the page before ended; empty for the first. */
  readonly continueToken: string;
  readonly timeoutSeconds: number | undefined;
  readonly allowBookmarks: boolean;
  /** Undefined when the parameter is absent. */
  readonly sendInitialEvents: boolean | undefined;
}

/**
 * Reads the options of a list or watch.
 * Throws 400 for values that can't be read and 422 for combinations that mean nothing.
 */
export function parseListOptions(
  kind: Kind,
  namespace: string | undefined,
  query: URLSearchParams,
): ListOptions {
  const labels = parseLabelSelector(query.get("labelSelector") ?? "");
  const stored = storedKind(kind);
  const fields = storedFields(kind, parseFieldSelector(query.get("fieldSelector") ?? ""));
  checkFieldSelector(stored, fields);
  const sendInitialEvents = query.get("sendInitialEvents");
  const timeoutSeconds = parseCount(query, "timeoutSeconds");
  const options = {
    selection: selectionOf(stored, namespace, { labels, fields }),
    selective: labels.length > 0 || fields.length > 0,
    revision: parseRevision(query.get("resourceVersion")),
    versionMatch: (query.get("resourceVersionMatch") ?? "") as VersionMatch | "",
    limit: parseCount(query, "limit") ?? 0,
    continueToken: query.get("continue") ?? "",
    timeoutSeconds: timeoutSeconds === 0 ? undefined : timeoutSeconds,
    allowBookmarks: isTrue(query.get("allowWatchBookmarks")),
    sendInitialEvents: sendInitialEvents === null ? undefined : isTrue(sendInitialEvents),
  };
  const { versionMatch } = options;
  if (versionMatch === "") return { ...options, versionMatch: undefined };
  if (versionMatch === "Exact" || versionMatch === "NotOlderThan") {
    return { ...options, versionMatch };
  }
  throw invalidOptions([
    notSupported("resourceVersionMatch", versionMatch, ["Exact", "NotOlderThan", ""]),
  ]);
}

/** Throws 422 unless the options make sense for a list. */
export function checkListOptions(options: ListOptions): void {
  const { versionMatch, revision, continueToken, sendInitialEvents } = options;
  const causes: StatusCause[] = [];
  if (versionMatch !== undefined && revision === undefined) {
    const why = "resourceVersionMatch is forbidden unless resourceVersion is provided";
    causes.push(forbiddenField("resourceVersionMatch", why));
  }
  if (versionMatch !== undefined && continueToken !== "") {
    const why = "resourceVersionMatch is forbidden when continue is provided";
    causes.push(forbiddenField("resourceVersionMatch", why));
  }
  if (versionMatch === "Exact" && revision === 0) {
    const why = 'resourceVersionMatch "Exact" is forbidden for resourceVersion "0"';
    causes.push(forbiddenField("resourceVersionMatch", why));
  }
  if (sendInitialEvents !== undefined) {
    const why = "sendInitialEvents is forbidden for list";
    causes.push(forbiddenField("sendInitialEvents", why));
  }
  if (causes.length > 0) throw invalidOptions(causes);
}

/** Throws 422 unless the options make sense for a watch. */
export function checkWatchOptions({ sendInitialEvents, versionMatch }: ListOptions): void {
  if (sendInitialEvents === undefined && versionMatch !== undefined) {
    const why = "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided";
    throw invalidOptions([forbiddenField("resourceVersionMatch", why)]);
  }
  if (sendInitialEvents !== undefined && versionMatch !== "NotOlderThan") {
    const why = "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan";
    throw invalidOptions([forbiddenField("resourceVersionMatch", why)]);
  }
}

function invalidOptions(causes: readonly StatusCause[]): StatusError {
  return invalid({ group: "meta.k8s.io", kind: "ListOptions" }, "", causes);
}

function selectionOf(
  kind: Kind,
  namespace: string | undefined,
  { labels, fields }: { readonly labels: Selector; readonly fields: FieldSelector },
): Selection {
  const prefix = registryPrefix(kind, namespace).slice(0, -1);
  const name = fields.find(({ field, operator }) => field === "metadata.name" && operator === "=");
  const single = name !== undefined && (namespace !== undefined || !kind.namespaced);
  const matches = (object: KubeObject): boolean =>
    labelSelectorMatches(labels, object.metadata.labels) &&
    fieldSelectorMatches(fields, (field) => fieldValue(object, field));
  return {
    prefix,
    ...(single && {
      key: registryKey(kind, { ...(namespace !== undefined && { namespace }), name: name.value }),
    }),
    ...(labels.length + fields.length > 0 && { matches }),
  };
}

function parseRevision(text: string | null): number | undefined {
  if (text === null || text === "") return undefined;
  const revision = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (Number.isSafeInteger(revision)) return revision;
  throw invalidOptions([invalidValue("resourceVersion", text, "must be a decimal number")]);
}

function parseCount(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name);
  if (text === null || text === "") return undefined;
  const count = /^-?\d+$/.test(text) ? Number(text) : Number.NaN;
  if (!Number.isSafeInteger(count)) throw badRequest(`${name} must be a whole number`);
  return Math.max(0, count);
}

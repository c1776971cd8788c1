import type { ManagedFieldsEntry } from "../meta/object-meta.ts";
import { type FieldSet, fromFieldsV1, isEmpty, toFieldsV1, union } from "./field-set.ts";

/** Who writes: what distinguishes one entry of managedFields from another. */
export interface FieldManager {
  readonly name: string;
  readonly operation: "Apply" | "Update";
  /** Version of the fields. An applier has one entry whatever the version. */
  readonly apiVersion: string;
  /** The subresource it writes through; absent for the object itself. */
  readonly subresource?: string;
}

/** The fields of one manager. */
export interface ManagedSet {
  readonly manager: FieldManager;
  readonly fields: FieldSet;
  /** RFC 3339, whole seconds; absent when nobody knows. */
  readonly time?: string;
}

/** The managers of an object by their key. */
export type Managers = ReadonlyMap<string, ManagedSet>;

/** Update managers beyond these are merged, the oldest first. */
const MAX_UPDATE_MANAGERS = 10;

/** The manager that oldest updates are merged into. */
const ANCIENT = "ancient-changes";

/** What tells managers apart: equal for entries that are one. */
export function managerKey(manager: FieldManager): string {
  const { name, operation, apiVersion, subresource = "" } = manager;
  return JSON.stringify([name, operation, operation === "Apply" ? "" : apiVersion, subresource]);
}

/** Reads managedFields; undefined when an entry makes no sense. */
export function readManagers(
  entries: readonly ManagedFieldsEntry[] | undefined,
): Managers | undefined {
  const managers = new Map<string, ManagedSet>();
  for (const { time, fieldsV1, ...entry } of entries ?? []) {
    const manager = readManager(entry);
    const fields = fromFieldsV1(fieldsV1 ?? {});
    if (manager === undefined || fields === undefined) return undefined;
    const set = { manager, fields, ...(time !== undefined && { time }) };
    managers.set(managerKey(manager), set);
  }
  return managers;
}

function readManager(entry: ManagedFieldsEntry): FieldManager | undefined {
  const { manager: name = "", operation, apiVersion = "", fieldsType, subresource = "" } = entry;
  if (fieldsType !== "FieldsV1") return undefined;
  if (operation !== "Apply" && operation !== "Update") return undefined;
  return { name, operation, apiVersion, ...(subresource !== "" && { subresource }) };
}

/** The managers as managedFields: appliers first, then by time and name; empty ones left out. */
export function writeManagers(managers: Managers): ManagedFieldsEntry[] {
  const sets = [...managers.values()].filter(({ fields }) => !isEmpty(fields));
  return sets.toSorted(compareSets).map(({ manager, fields, time }) => ({
    manager: manager.name,
    operation: manager.operation,
    apiVersion: manager.apiVersion,
    ...(time !== undefined && { time }),
    fieldsType: "FieldsV1",
    fieldsV1: toFieldsV1(fields),
    ...(manager.subresource !== undefined && { subresource: manager.subresource }),
  }));
}

/**
 * Merges the oldest update managers of a version into one when there are more than 10, so that
 * managedFields can't grow without end (source: managedfields/internal/capmanagers.go).
 */
export function capManagers(managers: Managers): Managers {
  const updates = [...managers].filter(([, { manager }]) => manager.operation === "Update");
  let surplus = updates.length - MAX_UPDATE_MANAGERS;
  if (surplus <= 0) return managers;
  const result = new Map(managers);
  const firstOf = new Map<string, string>();
  for (const [key, set] of updates.toSorted(([, a], [, b]) => compareSets(a, b))) {
    if (surplus <= 0) break;
    const { apiVersion } = set.manager;
    const first = firstOf.get(apiVersion);
    if (first === undefined) {
      firstOf.set(apiVersion, key);
      continue;
    }
    const manager: FieldManager = { name: ANCIENT, operation: "Update", apiVersion };
    const bucket = result.get(managerKey(manager));
    const older = bucket ?? result.get(first);
    if (bucket === undefined) result.delete(first);
    result.delete(key);
    const fields = older === undefined ? set.fields : union(older.fields, set.fields);
    result.set(managerKey(manager), { ...set, manager, fields });
    surplus -= 1;
  }
  return result;
}

function compareSets(a: ManagedSet, b: ManagedSet): number {
  return (
    compareTexts(a.manager.operation, b.manager.operation) ||
    (Date.parse(a.time ?? "") || 0) - (Date.parse(b.time ?? "") || 0) ||
    compareTexts(a.manager.name, b.manager.name) ||
    compareTexts(a.manager.apiVersion, b.manager.apiVersion) ||
    compareTexts(a.manager.subresource ?? "", b.manager.subresource ?? "")
  );
}

function compareTexts(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

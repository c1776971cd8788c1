import type { KubeObject, ManagedFieldsEntry } from "../meta/object-meta.ts";
import { isUnchanged } from "./comparison.ts";
import { conflictError } from "./conflict.ts";
import {
  difference,
  type FieldSet,
  isEmpty,
  isSame,
  NO_FIELDS,
  union,
  intersection,
} from "./field-set.ts";
import { lastAppliedFields, syncLastApplied } from "./last-applied.ts";
import {
  capManagers,
  type FieldManager,
  type ManagedSet,
  type Managers,
  managerKey,
  readManagers,
  writeManagers,
} from "./managers.ts";
import { mergeValues } from "./merge.ts";
import { objectType, ownable, type OwnershipRules, takeOver, withManager } from "./ownership.ts";
import { ownedFields, withNamedFields } from "./owned-fields.ts";
import { removeFields } from "./removal.ts";
import { managersAfterUpdate } from "./update.ts";

/** A server-side apply. */
export interface ApplyWrite {
  /** The stored object; undefined when it is created. */
  readonly live: KubeObject | undefined;
  /** What the applier wants of the object: its fields and no others. */
  readonly config: KubeObject;
  readonly manager: FieldManager;
  /** Take fields from other managers instead of refusing. */
  readonly force: boolean;
  /** RFC 3339, whole seconds. */
  readonly time: string;
}

/** What an apply makes. */
export interface Applied {
  /** The object before defaults; the live one itself when the apply changes none of its fields. */
  readonly object: KubeObject;
  readonly managedFields: ManagedFieldsEntry[];
}

/** kubectl's own manager: it takes over what `kubectl apply` without --server-side has set. */
const KUBECTL = "kubectl";

/** What an object is compared with that does not exist yet. */
const NOTHING = {} as KubeObject;

/**
 * Applies a configuration: merges it into the object, makes the manager own its fields, and
 * removes what the manager applied before and nobody wants any more (KEP-555; source:
 * structured-merge-diff's merge/update.go). The configuration must have no configurationErrors.
 * @throws StatusError 409 with a cause for each field that another manager owns, unless forced.
 */
export function applyConfiguration(rules: OwnershipRules, write: ApplyWrite): Applied {
  const applied = applyFields(rules, write, managersBefore(rules, write));
  const conflicts = write.force ? [] : applied.conflicts.flatMap(unallowed(rules, write));
  if (conflicts.length > 0) throw conflictError(conflicts);
  const synced =
    write.manager.name === KUBECTL ? syncLastApplied(applied.object, write.config) : applied.object;
  return { object: synced, managedFields: writeManagers(capManagers(applied.managers)) };
}

/** Who owns what; of an object that nobody has tracked, all is somebody's. */
function managersBefore(rules: OwnershipRules, { live, manager, time }: ApplyWrite): Managers {
  const known = readManagers(live?.metadata.managedFields);
  if (live === undefined || (known !== undefined && known.size > 0)) return known ?? new Map();
  const { apiVersion } = manager;
  const before: FieldManager = { name: "before-first-apply", operation: "Update", apiVersion };
  const first = { live: undefined, next: live, manager: before, time, managers: new Map() };
  return managersAfterUpdate(rules, first);
}

function applyFields(
  rules: OwnershipRules,
  { live, config, manager, time }: ApplyWrite,
  managers: Managers,
): { object: KubeObject; managers: Managers; conflicts: readonly ManagedSet[] } {
  const type = objectType(rules);
  const key = managerKey(manager);
  const previous = managers.get(key);
  const fields = ownable(ownedFields(type, config), rules);
  const merged = mergeValues(type, live, config) as KubeObject;
  const claimed = withManager(managers, { manager, fields });
  const pruned = prune(rules, merged, { last: previous?.fields ?? NO_FIELDS, managers: claimed });
  const taken = takeOver(rules, {
    old: live ?? NOTHING,
    next: pruned,
    managers: claimed,
    self: key,
  });
  const isSameObject = isUnchanged(taken.comparison);
  const isNoop = isSameObject && previous !== undefined && isSame(previous.fields, fields);
  const newTime = isNoop ? previous.time : time;
  const own = { manager, fields, ...(newTime !== undefined && { time: newTime }) };
  return {
    object: isSameObject && live !== undefined ? withVersion(live, config) : pruned,
    managers: withManager(taken.managers, own),
    conflicts: taken.conflicts,
  };
}

/** A configuration that names a version wants that one to be the current. */
function withVersion(live: KubeObject, { metadata }: KubeObject): KubeObject {
  const { resourceVersion = "", uid = "" } = metadata;
  const own = { ...live.metadata, ...(resourceVersion !== "" && { resourceVersion }) };
  return { ...live, metadata: { ...own, ...(uid !== "" && { uid }) } };
}

/**
 * Removes what the manager applied last time, does not apply now, and no other manager owns
 * (source: Updater.prune).
 */
function prune(
  rules: OwnershipRules,
  merged: KubeObject,
  { last, managers }: { readonly last: FieldSet; readonly managers: Managers },
): KubeObject {
  if (isEmpty(last)) return merged;
  const type = objectType(rules);
  const named = (set: FieldSet): FieldSet => withNamedFields(type, set);
  const fieldsOf = (object: unknown): FieldSet => named(ownedFields(type, object));
  const remove = (set: FieldSet): KubeObject => removeFields(type, merged, set) as KubeObject;
  const owned = [...managers.values()].reduce((all, { fields }) => union(all, fields), NO_FIELDS);
  const all = fieldsOf(merged);
  const without = union(fieldsOf(remove(named(last))), named(owned));
  const withOwned = remove(difference(all, without));
  const gone = intersection(difference(all, fieldsOf(withOwned)), named(last));
  return isEmpty(gone) ? merged : remove(gone);
}

/** Conflicts but for those kubectl may ignore: fields as its client-side apply has set them. */
function unallowed(
  rules: OwnershipRules,
  { live, manager }: ApplyWrite,
): (conflict: ManagedSet) => ManagedSet[] {
  const allowed =
    manager.name === KUBECTL && live !== undefined ? lastAppliedFields(rules, live) : NO_FIELDS;
  return (conflict) => {
    const fields = difference(conflict.fields, allowed);
    return isEmpty(fields) ? [] : [{ ...conflict, fields }];
  };
}

import { isObject, setOwn } from "../patch/merge-patch.ts";
import type { KubeObject, ManagedFieldsEntry } from "../meta/object-meta.ts";
import { type FieldSet, isEmpty, union } from "./field-set.ts";
import { type FieldType, resolveType } from "./field-type.ts";
import {
  capManagers,
  type FieldManager,
  type Managers,
  managerKey,
  readManagers,
  writeManagers,
} from "./managers.ts";
import { objectType, type OwnershipRules, takeOver, withManager } from "./ownership.ts";

/** A create, an update or a patch other than apply. */
export interface UpdateWrite {
  /** The stored object; undefined when it is created. */
  readonly live: KubeObject | undefined;
  /** What it becomes, with the managedFields that the client sent. */
  readonly next: KubeObject;
  readonly manager: FieldManager;
  /** RFC 3339, whole seconds. */
  readonly time: string;
}

/**
 * managedFields after an update: who changes a field owns it from then on, alone. A client may send
 * managedFields to change them; `[{}]` resets them, and an object without any stays so until
 * somebody applies (source: managedfields/internal/fieldmanager.go).
 */
export function managedFieldsAfterUpdate(
  rules: OwnershipRules,
  write: UpdateWrite,
): ManagedFieldsEntry[] {
  const { live, next } = write;
  const known = sentManagers(live, next, write.manager.subresource !== undefined);
  if (live !== undefined && known.size === 0) return [];
  return writeManagers(managersAfterUpdate(rules, { ...write, managers: known }));
}

/** The managers after an update; `managers` are those before it. */
export function managersAfterUpdate(
  rules: OwnershipRules,
  { live, next, manager, time, managers }: UpdateWrite & { readonly managers: Managers },
): Managers {
  const key = managerKey(manager);
  // A status that is written for the first time was there in Go, empty.
  const old = { ...skeletonOf(objectType(rules), next), ...live };
  const previous = managers.get(key);
  // The manager's own fields are taken and given back as those of others: what it removes is gone.
  const taken = takeOver(rules, { old, next, managers, self: "" });
  const written = union(taken.comparison.added, taken.comparison.modified);
  if (isEmpty(written)) return capManagers(taken.managers);
  const kept: FieldSet | undefined = taken.managers.get(key)?.fields;
  const fields = kept === undefined ? written : union(kept, written);
  return capManagers(withManager(taken.managers, { ...previous, manager, fields, time }));
}

/** The managers a client sends; the object's own when it sends none, or nonsense. */
function sentManagers(
  live: KubeObject | undefined,
  next: KubeObject,
  throughSubresource: boolean,
): Managers {
  const stored = (): Managers => readManagers(live?.metadata.managedFields) ?? new Map();
  if (throughSubresource) return stored();
  const sent = next.metadata.managedFields ?? [];
  if (sent.length === 1 && Object.keys(sent[0] ?? {}).length === 0) return new Map();
  const managers = readManagers(sent);
  return managers === undefined || managers.size === 0 ? stored() : managers;
}

/**
 * The structs of a new object, empty: in Go they are there before anybody sets them, so nobody
 * owns them.
 */
function skeletonOf(type: FieldType, object: Record<string, unknown>): KubeObject {
  const skeleton: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(object)) {
    const below = type.form === "map" && type.declares(name) ? type.of(name) : undefined;
    const isStruct = below !== undefined && isObject(value) && hasFields(below, value);
    if (isStruct) setOwn(skeleton, name, skeletonOf(below, value));
  }
  return skeleton as unknown as KubeObject;
}

function hasFields(type: FieldType, value: Record<string, unknown>): boolean {
  const resolved = resolveType(type, value);
  if (resolved.form !== "map" || resolved.atomic) return false;
  return Object.keys(value).some((name) => resolved.declares(name));
}

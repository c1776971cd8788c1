import type { TSchema } from "typebox";
import type { KubeObject } from "../meta/object-meta.ts";
import { type Comparison, compareValues } from "./comparison.ts";
import {
  difference,
  type FieldSet,
  fieldSetOf,
  intersection,
  isEmpty,
  recursiveDifference,
  union,
} from "./field-set.ts";
import { type FieldType, fieldTypeOf } from "./field-type.ts";
import { type ManagedSet, type Managers, managerKey } from "./managers.ts";

/** Fields the server owns: no manager ever does (source: managedfields/internal/stripmeta.go). */
const SERVER_FIELDS = fieldSetOf(
  ["f:apiVersion"],
  ["f:kind"],
  ["f:metadata"],
  ...[
    "name",
    "namespace",
    "creationTimestamp",
    "selfLink",
    "uid",
    "clusterName",
    "generation",
    "managedFields",
    "resourceVersion",
  ].map((name) => ["f:metadata", `f:${name}`]),
);

/** What ownership depends on. */
export interface OwnershipRules {
  /** The kind's schema: its list and map types say what is owned as a whole. */
  readonly schema: TSchema;
  /** What this way of writing can't change: a manager does not get it. */
  readonly ignored: FieldSet;
}

/** A change of an object that gives fields new owners. */
export interface Takeover {
  readonly old: KubeObject;
  readonly next: KubeObject;
  readonly managers: Managers;
  /** Key of the manager who writes; its own fields are left alone. */
  readonly self: string;
}

/** Who owns what after a takeover, and what was taken from whom. */
export interface TakenOver {
  readonly managers: Managers;
  readonly comparison: Comparison;
  /** Fields of others that the change added or modified. */
  readonly conflicts: readonly ManagedSet[];
}

/** The type of a kind's objects. */
export function objectType({ schema }: OwnershipRules): FieldType {
  return fieldTypeOf(schema);
}

/** Takes the fields that a change removes, adds or modifies from all managers but the writing one. */
export function takeOver(
  rules: OwnershipRules,
  { old, next, managers, self }: Takeover,
): TakenOver {
  const comparison = withoutServerFields(compareValues(objectType(rules), old, next), rules);
  const written = union(comparison.added, comparison.modified);
  const result = new Map<string, ManagedSet>();
  const conflicts: ManagedSet[] = [];
  for (const [key, set] of managers) {
    if (key === self) {
      result.set(key, set);
      continue;
    }
    const taken = intersection(set.fields, written);
    if (!isEmpty(taken)) conflicts.push({ ...set, fields: taken });
    const fields = difference(difference(set.fields, taken), comparison.removed);
    if (!isEmpty(fields)) result.set(key, { ...set, fields });
  }
  return { managers: result, comparison, conflicts };
}

/** A set without what a manager can't own. */
export function ownable(set: FieldSet, { ignored }: OwnershipRules): FieldSet {
  return difference(recursiveDifference(set, ignored), SERVER_FIELDS);
}

/** The managers with one of them changed; a manager without fields goes. */
export function withManager(managers: Managers, set: ManagedSet): Managers {
  const result = new Map(managers);
  if (isEmpty(set.fields)) result.delete(managerKey(set.manager));
  else result.set(managerKey(set.manager), set);
  return result;
}

function withoutServerFields(comparison: Comparison, rules: OwnershipRules): Comparison {
  return {
    added: ownable(comparison.added, rules),
    removed: ownable(comparison.removed, rules),
    modified: ownable(comparison.modified, rules),
  };
}

import type { KubeObject, OwnerReference } from "@kubehop/api";

/** Finalizer: the owner stays until its dependents are gone. */
export const FOREGROUND_FINALIZER = "foregroundDeletion";
/** Finalizer: the owner stays until its dependents have forgotten it. */
export const ORPHAN_FINALIZER = "orphan";

/** What is known about one owner of an object. */
export interface OwnerState {
  readonly reference: OwnerReference;
  /** Undefined: there is no object with that uid. */
  readonly owner: KubeObject | undefined;
}

/** What to do with an object because of its owners. */
export type OwnerVerdict =
  | { readonly action: "keep" }
  /** Some owner lives; references to the others are dropped. */
  | { readonly action: "forget"; readonly keep: readonly OwnerReference[] }
  | {
      readonly action: "delete";
      readonly propagationPolicy: "Foreground" | "Background" | "Orphan";
    };

/**
 * Decides by an object's owners (upstream's attemptToDeleteItem): it goes when none lives. An owner
 * that waits for its dependents in a foreground deletion does not count as alive; then the object
 * goes in the foreground too if it has dependents of its own.
 */
export function judge(
  object: KubeObject,
  owners: readonly OwnerState[],
  hasDependents: boolean,
): OwnerVerdict {
  if (owners.length === 0) return { action: "keep" };
  const isWaiting = ({ owner }: OwnerState): boolean => owner !== undefined && waits(owner);
  const solid = owners.filter((state) => state.owner !== undefined && !isWaiting(state));
  if (solid.length === owners.length) return { action: "keep" };
  if (solid.length > 0) {
    return { action: "forget", keep: solid.map(({ reference }) => reference) };
  }
  const finalizers = object.metadata.finalizers ?? [];
  if (owners.some(isWaiting) && hasDependents) {
    return { action: "delete", propagationPolicy: "Foreground" };
  }
  if (finalizers.includes(ORPHAN_FINALIZER)) {
    return { action: "delete", propagationPolicy: "Orphan" };
  }
  const inForeground = finalizers.includes(FOREGROUND_FINALIZER);
  return { action: "delete", propagationPolicy: inForeground ? "Foreground" : "Background" };
}

/** Whether an owner waits for its dependents to go. */
export function waits({ metadata }: KubeObject): boolean {
  const { deletionTimestamp, finalizers = [] } = metadata;
  return deletionTimestamp !== undefined && finalizers.includes(FOREGROUND_FINALIZER);
}

/** Whether an owner waits for its dependents to forget it. */
export function waitsForOrphaning({ metadata }: KubeObject): boolean {
  const { deletionTimestamp, finalizers = [] } = metadata;
  return deletionTimestamp !== undefined && finalizers.includes(ORPHAN_FINALIZER);
}

/** Whether an object keeps an owner from going in the foreground. */
export function blocks({ metadata }: KubeObject, ownerUid: string): boolean {
  return (metadata.ownerReferences ?? []).some(
    (reference) => reference.uid === ownerUid && reference.blockOwnerDeletion === true,
  );
}

import {
  conflict,
  forbiddenField,
  invalid,
  type KubeObject,
  notFound,
  type StatusCause,
} from "@kubehop/api";
import type { SubresourceStrategy } from "../registry/strategy.ts";
import { copyObject, createEntry, encodeObject, type Entry } from "../storage/entry.ts";
import { withReservation } from "./allocation.ts";
import { trackFields, type Writer } from "./field-ownership.ts";
import { carryMetadata, countGeneration, isUnchanged } from "./metadata.ts";
import { removeObject } from "./remove.ts";
import type { Resources } from "./resources.ts";
import { confirmNewest, retryOnConflict } from "./retry.ts";
import { keyOf, matchTarget, type Target } from "./target.ts";

/** Which part of an object a write may change; a subresource's strategy says which it may. */
export type Part = "object" | "status" | "unchecked" | SubresourceStrategy;

/** A change of one object. */
export interface Change {
  readonly target: Target & { readonly name: string };
  /** `unchecked` leaves out the strategy: for subresources with rules of their own. */
  readonly part: Part;
  readonly dryRun: boolean;
  /** Who owns what changes; undefined when `apply` sets the managedFields itself. */
  readonly writer: Writer | undefined;
  /**
   * What the object should become. Gets a copy it may change, and the stored object, which it must
   * not; called again after a lost race.
   */
  apply(current: KubeObject, stored: KubeObject): KubeObject;
}

/**
 * Changes an object. A resourceVersion in the changed object must be the current one (409), else
 * lost races are retried. A change that changes nothing writes nothing. An object that is being
 * deleted goes when its last finalizer does. Throws 400, 404, 409, 422 or 504.
 */
export async function updateObject(resources: Resources, change: Change): Promise<Entry> {
  const { kind, name } = change.target;
  return retryOnConflict(resources, change.target, async () => {
    const current = await resources.store.find(keyOf(change.target, name));
    if (current === undefined) throw notFound(kind, name);
    const next = nextObject(resources, change, current);
    const { dryRun } = change;
    if (isFinished(next)) {
      return dryRun ? current : removeObject(resources, kind, { current, final: next });
    }
    const allocation = change.part === "object" ? resources.allocationOf(kind) : undefined;
    return withReservation(allocation, { object: next, old: current.object, dryRun }, async () => {
      if (isUnchanged(next, current.object)) return confirmNewest(resources, current);
      if (dryRun) return createEntry(current.key, current.revision, encodeObject(next));
      return resources.store.update(current, next);
    });
  });
}

/** Whether nothing keeps an object that is being deleted. */
export function isFinished({ metadata, spec }: KubeObject): boolean {
  if (metadata.deletionTimestamp === undefined) return false;
  if ((metadata.finalizers ?? []).length > 0) return false;
  const { finalizers } = (spec ?? {}) as { finalizers?: readonly string[] };
  if ((finalizers ?? []).length > 0) return false;
  return (metadata.deletionGracePeriodSeconds ?? 0) === 0;
}

function nextObject(resources: Resources, change: Change, current: Entry): KubeObject {
  const { target, part, writer } = change;
  const { kind, name } = target;
  const old = current.object;
  const next = change.apply(copyObject(current), old);
  matchTarget(target, next);
  checkVersion(change, next, current);
  carryMetadata(kind, next, old);
  if (part !== "unchecked") resources.strategyOf(kind).setDefaults(next);
  if (writer !== undefined) {
    trackFields(kind, { live: old, next, writer, now: resources.clock.now() });
  }
  const causes = part === "unchecked" ? [] : checkedBy(resources, change, { next, old });
  causes.push(...finalizerCauses(next, old));
  if (causes.length > 0) throw invalid(kind, name, causes);
  countGeneration(kind, next, old);
  return next;
}

function checkedBy(
  resources: Resources,
  { target, part }: Change,
  { next, old }: { readonly next: KubeObject; readonly old: KubeObject },
): StatusCause[] {
  const strategy = resources.strategyOf(target.kind);
  if (part === "status") {
    strategy.prepareForStatusUpdate(next, old);
    return strategy.validateStatusUpdate(next, old);
  }
  const rules = typeof part === "string" ? strategy : part;
  rules.prepareForUpdate(next, old);
  return rules.validateUpdate(next, old);
}

function checkVersion({ target }: Change, next: KubeObject, current: Entry): void {
  const { resourceVersion = "" } = next.metadata;
  if (resourceVersion === "" || resourceVersion === String(current.revision)) return;
  throw conflict(target.kind, target.name);
}

function finalizerCauses(next: KubeObject, old: KubeObject): StatusCause[] {
  if (old.metadata.deletionTimestamp === undefined) return [];
  const known = new Set(old.metadata.finalizers);
  const added = (next.metadata.finalizers ?? []).filter((finalizer) => !known.has(finalizer));
  if (added.length === 0) return [];
  const why =
    "no new finalizers can be added if the object is being deleted, " +
    `found new finalizers ${JSON.stringify(added)}`;
  return [forbiddenField("metadata.finalizers", why)];
}

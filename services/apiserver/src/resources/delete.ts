import {
  conflict,
  type Kind,
  type KubeObject,
  Kinds,
  notFound,
  type Pod,
  statusError,
} from "@kubehop/api";
import type { ParsedDeleteOptions } from "../http/delete-options.ts";
import { copyObject, createEntry, encodeObject, type Entry } from "../storage/entry.ts";
import { isUnchanged, timestamp } from "./metadata.ts";
import { removeObject } from "./remove.ts";
import type { Resources } from "./resources.ts";
import { confirmNewest, retryOnConflict } from "./retry.ts";
import { keyOf, type Target } from "./target.ts";
import { isFinished } from "./update.ts";

/** What a deletion did. */
export interface Deletion {
  readonly entry: Entry;
  /** False while finalizers, a grace period or the namespace's content keep the object. */
  readonly gone: boolean;
}

const ORPHAN = "orphan";
const FOREGROUND = "foregroundDeletion";

/** Grace of a pod whose spec says nothing, in seconds. */
const DEFAULT_GRACE_SECONDS = 30;

/** Namespaces nobody can delete (source: plugin/pkg/admission/namespace/lifecycle). */
const IMMORTAL = new Set(["default", "kube-system", "kube-public"]);

/**
 * Deletes an object, or marks it as being deleted while finalizers or a pod's grace period keep it
 * (source: registry/rest/delete.go). Throws 403, 404, 409 or 504.
 */
export async function deleteObject(
  resources: Resources,
  target: Target & { readonly name: string },
  options: ParsedDeleteOptions,
): Promise<Deletion> {
  const { kind, name } = target;
  if (isCore(kind, Kinds.Namespace) && IMMORTAL.has(name)) throw immortal(name);
  return retryOnConflict(resources, target, async () => {
    const current = await resources.store.find(keyOf(target, name));
    if (current === undefined) throw notFound(kind, name);
    checkPreconditions(target, current, options);
    const next = copyObject(current);
    if (next.metadata.deletionTimestamp === undefined) {
      resources.strategyOf(kind).prepareForDelete(next, resources.clock.now());
    }
    markDeleted(kind, next, { options, now: resources.clock.now() });
    const gone = isFinished(next);
    if (options.dryRun) {
      return { entry: createEntry(current.key, current.revision, encodeObject(next)), gone };
    }
    if (gone) {
      return { entry: await removeObject(resources, kind, { current, final: next }), gone };
    }
    if (isUnchanged(next, current.object)) {
      return { entry: await confirmNewest(resources, current), gone };
    }
    return { entry: await resources.store.update(current, next), gone };
  });
}

function checkPreconditions(
  { kind, name }: Target & { readonly name: string },
  { object, revision }: Entry,
  { preconditions }: ParsedDeleteOptions,
): void {
  const { uid, resourceVersion } = preconditions;
  const actual = object.metadata.uid ?? "";
  if (uid !== undefined && uid !== actual) {
    const why =
      `the UID in the precondition (${uid}) does not match the UID in record (${actual}). ` +
      "The object might have been deleted and then recreated";
    throw conflict(kind, name, why);
  }
  if (resourceVersion !== undefined && resourceVersion !== String(revision)) {
    const why =
      `the ResourceVersion in the precondition (${resourceVersion}) does not match the ` +
      `ResourceVersion in record (${revision}). The object might have been modified`;
    throw conflict(kind, name, why);
  }
}

function markDeleted(
  kind: Kind,
  object: KubeObject,
  { options, now }: { readonly options: ParsedDeleteOptions; readonly now: number },
): void {
  const { metadata } = object;
  const finalizers = finalizersFor(metadata.finalizers ?? [], options);
  if (finalizers.length === 0) delete metadata.finalizers;
  else metadata.finalizers = finalizers;
  const grace = isCore(kind, Kinds.Pod) ? graceSeconds(object, options) : 0;
  const known = metadata.deletionTimestamp;
  const shorter = grace < (metadata.deletionGracePeriodSeconds ?? Number.POSITIVE_INFINITY);
  if (known === undefined || shorter) {
    metadata.deletionGracePeriodSeconds = grace;
    metadata.deletionTimestamp = timestamp(now + grace * 1_000);
  }
  if (isCore(kind, Kinds.Namespace)) {
    object["status"] = { ...(object["status"] as object | undefined), phase: "Terminating" };
  }
}

/** Custom kinds may be called like built-in ones. */
function isCore(kind: Kind, core: Pick<Kind, "kind">): boolean {
  return kind.group === "" && kind.kind === core.kind;
}

/** The finalizers after a deletion: the propagation policy decides about the collector's own. */
function finalizersFor(
  finalizers: readonly string[],
  { propagationPolicy }: ParsedDeleteOptions,
): string[] {
  if (propagationPolicy === undefined) return [...finalizers];
  const others = finalizers.filter((one) => one !== ORPHAN && one !== FOREGROUND);
  if (propagationPolicy === "Orphan") return [...others, ORPHAN];
  return propagationPolicy === "Foreground" ? [...others, FOREGROUND] : others;
}

/** Only a pod on a node gets time to end: its kubelet deletes it for good with grace 0. */
function graceSeconds(object: KubeObject, { gracePeriodSeconds }: ParsedDeleteOptions): number {
  const { spec, status } = object as unknown as Pod;
  const ended = status?.phase === "Succeeded" || status?.phase === "Failed";
  if ((spec.nodeName ?? "") === "" || ended) return 0;
  return gracePeriodSeconds ?? spec.terminationGracePeriodSeconds ?? DEFAULT_GRACE_SECONDS;
}

function immortal(name: string): Error {
  const message = `namespaces ${JSON.stringify(name)} is forbidden: this namespace may not be deleted`;
  return statusError(403, "Forbidden", message, { name, kind: "namespaces" });
}

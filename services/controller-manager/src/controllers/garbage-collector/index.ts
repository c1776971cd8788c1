import {
  isNotFound,
  type Kind,
  type KubeObject,
  namespacedName,
  type OwnerReference,
} from "@kubehop/api";
import type { Informer, WorkQueue } from "@kubehop/client";
import { allCaches, BY_OWNER, BY_UID, cacheOf, findKind, onEachKind } from "../../caches.ts";
import { isDeleting, uidOf } from "../../owners.ts";
import type { Context, Controller } from "../controller.ts";
import {
  blocks,
  FOREGROUND_FINALIZER,
  judge,
  ORPHAN_FINALIZER,
  type OwnerState,
  waits,
  waitsForOrphaning,
} from "./plan.ts";

/** Deletes what only belongs to objects that are gone, and helps owners that wait for that. */
export const garbageCollector: Controller = {
  name: "garbage_collector",
  workers: 10,
  build(context, queue) {
    onEachKind(context.caches, (_kind, cache) => subscribe(context, queue, cache));
    return async (key) => {
      const found = find(context, key);
      if (found === undefined) return;
      const { kind, object } = found;
      if (waitsForOrphaning(object)) return orphanDependents(context, found);
      if (waits(object)) return finishForeground(context, queue, found);
      if (isDeleting(object)) return;
      await collect(context, kind, object);
    };
  },
};

interface Item {
  readonly kind: Kind;
  readonly object: KubeObject;
}

/** Queue keys are `apiVersion|Kind|ns/name`. */
function keyOf(object: KubeObject): string {
  return `${object.apiVersion}|${object.kind}|${namespacedName(object)}`;
}

function find({ caches }: Context, key: string): Item | undefined {
  const [apiVersion = "", kindName = "", name = ""] = key.split("|");
  const kind = findKind(caches, apiVersion, kindName);
  const object = kind && cacheOf(caches, kind).store.get(name);
  return kind === undefined || object === undefined ? undefined : { kind, object };
}

function subscribe(context: Context, queue: WorkQueue, cache: Informer<KubeObject>): void {
  cache.onChange(({ previous, current }) => {
    if (current !== undefined && concernsUs(previous) !== concernsUs(current)) {
      queue.add(keyOf(current));
    }
    // It is gone or another one by that name: who belonged to it, and for whom it was in the way.
    if (previous === undefined || previous.metadata.uid === current?.metadata.uid) return;
    for (const dependent of dependentsOf(context, previous)) queue.add(keyOf(dependent));
    for (const { uid } of previous.metadata.ownerReferences ?? []) {
      for (const owner of byUid(context, uid)) queue.add(keyOf(owner));
    }
  });
}

/** What of an object the collector looks at; most writes change nothing of it. */
function concernsUs(object: KubeObject | undefined): string {
  if (object === undefined) return NOTHING;
  const { uid, ownerReferences = [], deletionTimestamp, finalizers = [] } = object.metadata;
  if (ownerReferences.length === 0 && deletionTimestamp === undefined) return NOTHING;
  return JSON.stringify([uid, ownerReferences, deletionTimestamp, finalizers]);
}

const NOTHING = "";

function dependentsOf({ caches }: Context, owner: KubeObject): readonly KubeObject[] {
  const uid = uidOf(owner);
  return allCaches(caches).flatMap((cache) => cache.store.byIndex(BY_OWNER, uid));
}

function byUid({ caches }: Context, uid: string): readonly KubeObject[] {
  return allCaches(caches).flatMap((cache) => cache.store.byIndex(BY_UID, uid));
}

async function collect(context: Context, kind: Kind, object: KubeObject): Promise<void> {
  const references = object.metadata.ownerReferences ?? [];
  const owners: OwnerState[] = [];
  for (const reference of references) {
    const owner = await findOwner(context, object, reference);
    // Of a kind we do not know nothing can be said: leave the object alone.
    if (owner === "unknown kind") return;
    owners.push({ reference, owner });
  }
  const verdict = judge(object, owners, dependentsOf(context, object).length > 0);
  if (verdict.action === "forget") {
    await patchMetadata(context, { kind, object }, { ownerReferences: verdict.keep });
  } else if (verdict.action === "delete") {
    const { propagationPolicy } = verdict;
    context.logger.info({ kind: kind.kind, key: namespacedName(object) }, "collecting garbage");
    await context.writer.delete(kind, object, { propagationPolicy });
  }
}

/** An owner that the cache lacks may only be newer than the cache: ask the API server. */
async function findOwner(
  context: Context,
  object: KubeObject,
  reference: OwnerReference,
): Promise<KubeObject | undefined | "unknown kind"> {
  const kind = findKind(context.caches, reference.apiVersion, reference.kind);
  if (kind === undefined) return "unknown kind";
  const { namespace } = object.metadata;
  const ref = { name: reference.name, ...(kind.namespaced && { namespace }) };
  const cache = cacheOf(context.caches, kind);
  const cached = (): KubeObject | undefined => {
    const found = cache.store.get(namespacedName({ metadata: plain(ref) }));
    return found?.metadata.uid === reference.uid ? found : undefined;
  };
  const known = cached();
  if (known !== undefined) return known;
  try {
    const live = await context.rest.get(kind, ref);
    if (live.metadata.uid !== reference.uid) return undefined;
    if (Number(live.metadata.resourceVersion) > cache.revision()) return live;
    return cached() ?? unclear(kind, reference);
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

/**
 * Our cache is past an owner's version and has no such owner: the API server has yet to hear of
 * its end, or we of its beginning. The one who is late will have heard when this is tried again.
 */
function unclear(kind: Kind, { name, uid }: OwnerReference): never {
  throw new Error(
    `the API server has ${kind.kind} ${name} (${uid}) and the cache has not: waiting`,
  );
}

function plain(ref: { name: string; namespace?: string | undefined }): {
  name: string;
  namespace?: string;
} {
  return { name: ref.name, ...(ref.namespace !== undefined && { namespace: ref.namespace }) };
}

/** Takes the owner out of its dependents, then lets it go. */
async function orphanDependents(context: Context, owner: Item): Promise<void> {
  const uid = uidOf(owner.object);
  for (const dependent of dependentsOf(context, owner.object)) {
    const kind = findKind(context.caches, dependent.apiVersion, dependent.kind);
    if (kind === undefined) continue;
    const references = dependent.metadata.ownerReferences ?? [];
    const ownerReferences = references.filter((reference) => reference.uid !== uid);
    await patchMetadata(context, { kind, object: dependent }, { ownerReferences });
  }
  await removeFinalizer(context, owner, ORPHAN_FINALIZER);
}

/** Sends the dependents away; lets the owner go when none is left that blocks it. */
async function finishForeground(context: Context, queue: WorkQueue, owner: Item): Promise<void> {
  const uid = uidOf(owner.object);
  const dependents = dependentsOf(context, owner.object);
  for (const dependent of dependents) if (!isDeleting(dependent)) queue.add(keyOf(dependent));
  if (dependents.some((dependent) => blocks(dependent, uid))) return;
  await removeFinalizer(context, owner, FOREGROUND_FINALIZER);
}

async function removeFinalizer(context: Context, item: Item, finalizer: string): Promise<void> {
  const finalizers = (item.object.metadata.finalizers ?? []).filter((one) => one !== finalizer);
  await patchMetadata(context, item, { finalizers }).catch((error: unknown) => {
    if (!isNotFound(error)) throw error;
  });
}

/** Fails with a conflict when the object is not the one we saw any more. */
async function patchMetadata(
  { writer }: Context,
  { kind, object }: Item,
  change: { readonly finalizers?: readonly string[]; readonly ownerReferences?: readonly object[] },
): Promise<void> {
  const { uid, resourceVersion } = object.metadata;
  const body = { metadata: { uid, resourceVersion, ...change } };
  await writer.patch(kind, object, { type: "merge", body });
}

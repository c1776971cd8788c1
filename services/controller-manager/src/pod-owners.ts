import {
  type Kind,
  Kinds,
  type KubeObject,
  labelSelectorMatches,
  type Pod,
  type Selector,
} from "@kubehop/api";
import type { WorkQueue } from "@kubehop/client";
import { cacheOf } from "./caches.ts";
import { claimObjects, planClaim } from "./claim.ts";
import type { Context } from "./controllers/controller.ts";
import { enqueueController, enqueueSelf } from "./enqueue.ts";
import { availableIn } from "./pods.ts";

/** A kind whose objects own pods that a selector finds. */
export interface PodOwner<T extends KubeObject> {
  readonly kind: Kind<T>;
  selectorOf(object: T): Selector;
}

/** Puts an owner's key into the queue when it or one of its pods changes, or one it may adopt. */
export function followPodOwners<T extends KubeObject>(
  { caches }: Context,
  queue: WorkQueue,
  { kind, selectorOf }: PodOwner<T>,
): void {
  const cache = cacheOf(caches, kind);
  enqueueSelf(cache, queue);
  enqueueController(caches.Pod, queue, {
    kind,
    candidates: (pod) =>
      cache.store
        .list(pod.metadata.namespace)
        .filter((object) => labelSelectorMatches(selectorOf(object), pod.metadata.labels)),
  });
}

/** Adopts and releases pods of those that are candidates; gives the owner's afterwards. */
export function claimPods<T extends KubeObject>(
  { caches, writer }: Context,
  { kind, selectorOf }: PodOwner<T>,
  object: T,
  isCandidate: (pod: Pod) => boolean = () => true,
): Promise<Pod[]> {
  const pods = caches.Pod.store.list(object.metadata.namespace).filter(isCandidate);
  const claim = planClaim(object, selectorOf(object), pods);
  return claimObjects(writer, { kind, object }, claim, Kinds.Pod);
}

/** In how many ms the next of the ready pods becomes available; undefined when none will. */
export function nextAvailable(
  pods: readonly Pod[],
  minReadySeconds: number,
  now: number,
): number | undefined {
  const waits = pods.map((pod) => availableIn(pod, minReadySeconds, now) ?? 0);
  const open = waits.filter((wait) => wait > 0);
  return open.length === 0 ? undefined : Math.min(...open);
}

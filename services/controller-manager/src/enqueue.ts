import { type KubeObject, type Kind, namespacedName } from "@kubehop/api";
import type { Change, Informer, WorkQueue } from "@kubehop/client";
import { controllerOf } from "./owners.ts";

/** Puts every changed object's own key into the queue. */
export function enqueueSelf<T extends KubeObject>(cache: Informer<T>, queue: WorkQueue): void {
  cache.onChange(({ key }) => queue.add(key));
}

/**
 * Puts the key of the owner that controls a changed object into the queue; for an object that
 * nobody controls, those that `candidates` names: they may want to adopt it.
 */
export function enqueueController<T extends KubeObject>(
  cache: Informer<T>,
  queue: WorkQueue,
  owner: { readonly kind: Kind; candidates?(object: T): readonly KubeObject[] },
): void {
  const add = (object: T | undefined): void => {
    if (object === undefined) return;
    const controller = controllerOf(object);
    if (controller?.kind === owner.kind.kind) {
      queue.add(`${object.metadata.namespace}/${controller.name}`);
    } else if (controller === undefined) {
      for (const candidate of owner.candidates?.(object) ?? [])
        queue.add(namespacedName(candidate));
    }
  };
  cache.onChange(({ previous, current }: Change<T>) => {
    if (previous && current && controllerOf(previous)?.uid === controllerOf(current)?.uid) {
      add(current);
    } else {
      add(previous);
      add(current);
    }
  });
}

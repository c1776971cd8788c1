import type { Kind, Namespace } from "@kubehop/api";
import { namespacedKinds, onEachKind } from "../caches.ts";
import { isDeleting } from "../owners.ts";
import type { Context, Controller } from "./controller.ts";

/** How soon a namespace is looked at again whose content takes its time to go. */
const RETRY_MS = 1_000;
const FINALIZER = "kubernetes";

/**
 * Empties namespaces that are being deleted, then takes their finalizer away, with which the API
 * server lets them go. Only a live list decides that nothing is left: a cache may be behind.
 */
export const namespaceController: Controller = {
  name: "namespace",
  workers: 5,
  build(context, queue) {
    const { caches } = context;
    caches.Namespace.onChange(({ key, current }) => {
      if (current !== undefined && isDeleting(current)) queue.add(key);
    });
    onEachKind(caches, (_kind, cache) => {
      cache.onChange(({ previous, current }) => {
        const name = previous?.metadata.namespace;
        if (name === undefined || current !== undefined) return;
        const namespace = caches.Namespace.store.get(name);
        if (namespace !== undefined && isDeleting(namespace)) queue.add(name);
      });
    });

    return async (key) => {
      const namespace = caches.Namespace.store.get(key);
      if (namespace === undefined || !isDeleting(namespace)) return;
      if (!(namespace.spec?.finalizers ?? []).includes(FINALIZER)) return;
      const left = await Promise.all(
        namespacedKinds(caches).map((kind) => deleteAll(context, kind, key)),
      );
      if (left.some((count) => count > 0)) queue.addAfter(key, RETRY_MS);
      else await finalize(context, namespace);
    };
  },
};

/** Deletes what is not being deleted yet; gives how many objects are still there. */
async function deleteAll({ rest }: Context, kind: Kind, namespace: string): Promise<number> {
  const before = await rest.list(kind, { namespace });
  if (before.items.some((object) => !isDeleting(object))) {
    await rest.deleteCollection(kind, { namespace });
  } else {
    return before.items.length;
  }
  return (await rest.list(kind, { namespace })).items.length;
}

async function finalize({ rest }: Context, namespace: Namespace): Promise<void> {
  const finalizers = (namespace.spec?.finalizers ?? []).filter((name) => name !== FINALIZER);
  const { body } = await rest.request({
    method: "PUT",
    path: `/api/v1/namespaces/${namespace.metadata.name}/finalize`,
    body: { ...namespace, spec: { ...namespace.spec, finalizers } },
  });
  body.resume();
}

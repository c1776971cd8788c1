import { isAlreadyExists, isNamespaceTerminating, Kinds, type Namespace } from "@kubehop/api";
import type { Controller } from "./controller.ts";

const DEFAULT = "default";

/** Makes sure that every active namespace has the ServiceAccount `default`. */
export const serviceAccountController: Controller = {
  name: "serviceaccount",
  workers: 1,
  build({ caches, writer }, queue) {
    caches.Namespace.onChange(({ key }) => queue.add(key));
    caches.ServiceAccount.onChange(({ previous, current }) => {
      const isLost = previous !== undefined && current === undefined;
      if (isLost && previous.metadata.name === DEFAULT)
        queue.add(previous.metadata.namespace ?? "");
    });

    return async (namespace) => {
      if (!isActiveNamespace(caches.Namespace.store.get(namespace))) return;
      if (caches.ServiceAccount.store.get(`${namespace}/${DEFAULT}`) !== undefined) return;
      const metadata = { name: DEFAULT, namespace };
      try {
        await writer.create(Kinds.ServiceAccount, {
          apiVersion: "v1",
          kind: "ServiceAccount",
          metadata,
        });
      } catch (error) {
        if (!isAlreadyExists(error) && !isNamespaceTerminating(error)) throw error;
      }
    };
  },
};

/** Whether something can be created in a namespace. */
export function isActiveNamespace(namespace: Namespace | undefined): boolean {
  return namespace !== undefined && namespace.metadata.deletionTimestamp === undefined;
}

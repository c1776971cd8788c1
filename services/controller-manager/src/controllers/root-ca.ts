import { isAlreadyExists, isNamespaceTerminating, Kinds } from "@kubehop/api";
import type { Controller } from "./controller.ts";
import { isActiveNamespace } from "./service-account.ts";

const NAME = "kube-root-ca.crt";
const DESCRIPTION_ANNOTATION = "kubernetes.io/description";
const DESCRIPTION =
  "Contains a CA bundle that can be used to verify the kube-apiserver when using internal " +
  "endpoints such as the internal service IP or kubernetes.default.svc.";

/** Publishes the cluster's CA as ConfigMap kube-root-ca.crt in every active namespace. */
export const rootCaController: Controller = {
  name: "root_ca_cert_publisher",
  workers: 1,
  build({ caches, writer, settings }, queue) {
    caches.Namespace.onChange(({ key }) => queue.add(key));
    caches.ConfigMap.onChange(({ previous, current }) => {
      const metadata = (current ?? previous)?.metadata;
      if (metadata?.name === NAME) queue.add(metadata.namespace ?? "");
    });

    return async (namespace) => {
      const { rootCa } = settings;
      if (rootCa === undefined || !isActiveNamespace(caches.Namespace.store.get(namespace))) return;
      const existing = caches.ConfigMap.store.get(`${namespace}/${NAME}`);
      if (existing?.data?.["ca.crt"] === rootCa) return;
      const data = { "ca.crt": rootCa };
      if (existing !== undefined) {
        await writer.update(Kinds.ConfigMap, { ...existing, data });
        return;
      }
      const annotations = { [DESCRIPTION_ANNOTATION]: DESCRIPTION };
      const metadata = { name: NAME, namespace, annotations };
      try {
        await writer.create(Kinds.ConfigMap, {
          apiVersion: "v1",
          kind: "ConfigMap",
          metadata,
          data,
        });
      } catch (error) {
        if (!isAlreadyExists(error) && !isNamespaceTerminating(error)) throw error;
      }
    };
  },
};

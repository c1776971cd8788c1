import { isDNS1123Label, Kinds, NAMESPACE_NAME_LABEL, type Namespace } from "@kubehop/api";
import { createStrategy, type Strategy } from "./strategy.ts";

/** Who must empty a Namespace before it may go: the Namespace controller. */
const FINALIZER = "kubernetes";

/**
 * Namespace: always carries its name as a label; its finalizers change only through /finalize, its
 * phase only through deletion.
 */
export const namespaceStrategy: Strategy<Namespace> = createStrategy(Kinds.Namespace, {
  validateName: isDNS1123Label,
  defaults: ({ metadata }) => {
    metadata.labels = { ...metadata.labels, [NAMESPACE_NAME_LABEL]: metadata.name };
  },
  prepareForCreate: (namespace) => {
    const finalizers = namespace.spec?.finalizers ?? [];
    const missing = finalizers.includes(FINALIZER) ? [] : [FINALIZER];
    namespace.spec = { ...namespace.spec, finalizers: [...finalizers, ...missing] };
    namespace.status = { phase: "Active" };
  },
  prepareForUpdate: (namespace, old) => {
    if (old.spec !== undefined) namespace.spec = structuredClone(old.spec);
  },
});

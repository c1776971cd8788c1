import { Kinds, type Kind, notFound, registryKey, StatusError } from "@kubehop/api";
import type { ObjectStore } from "./object-store.ts";

/**
 * Admission of a create in a namespace: it must exist (404) and not be terminating (403), as
 * upstream's NamespaceLifecycle has it.
 */
export async function checkNamespace(
  store: ObjectStore,
  kind: Kind,
  target: { readonly namespace: string; readonly name: string },
): Promise<void> {
  const { namespace, name } = target;
  const entry = await store.find(registryKey(Kinds.Namespace, { name: namespace }));
  if (entry === undefined) throw notFound(Kinds.Namespace, namespace);
  if (entry.object.metadata.deletionTimestamp !== undefined) {
    throw terminating(kind, namespace, name);
  }
}

function terminating(kind: Kind, namespace: string, name: string): StatusError {
  const why = `unable to create new content in namespace ${namespace} because it is being terminated`;
  const resource = kind.group === "" ? kind.plural : `${kind.plural}.${kind.group}`;
  return new StatusError({
    kind: "Status",
    apiVersion: "v1",
    metadata: {},
    status: "Failure",
    message: `${resource} ${JSON.stringify(name)} is forbidden: ${why}`,
    reason: "Forbidden",
    details: {
      name,
      ...(kind.group !== "" && { group: kind.group }),
      kind: kind.plural,
      causes: [
        {
          reason: "NamespaceTerminating",
          message: `namespace ${namespace} is being terminated`,
          field: "metadata.namespace",
        },
      ],
    },
    code: 403,
  });
}

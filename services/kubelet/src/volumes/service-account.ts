import type { Pod } from "@kubehop/api";

/** Where client libraries look for their credentials. */
const MOUNT_PATH = "/var/run/secrets/kubernetes.io/serviceaccount";

const VOLUME = "kube-api-access";

/** Lifetime of a pod's token (the extra seconds tell it from others, as upstream). */
const EXPIRATION_SECONDS = 3_607;

/**
 * The pod with its API credentials (token, ca.crt, namespace) in every container that does not
 * mount something else there. An API server whose admission did it already, and a pod that
 * declines (automountServiceAccountToken: false), are left as they are.
 */
export function withServiceAccount(pod: Pod): Pod {
  const { spec } = pod;
  const containers = [...(spec.initContainers ?? []), ...spec.containers];
  const lacking = containers.filter((container) => !mountsAt(container.volumeMounts));
  if (spec.automountServiceAccountToken === false || lacking.length === 0) return pod;
  const mount = { name: VOLUME, mountPath: MOUNT_PATH, readOnly: true };
  const add = (container: (typeof containers)[number]): typeof container =>
    lacking.includes(container)
      ? { ...container, volumeMounts: [...(container.volumeMounts ?? []), mount] }
      : container;
  return {
    ...pod,
    spec: {
      ...spec,
      volumes: [...(spec.volumes ?? []), accessVolume()],
      ...(spec.initContainers === undefined
        ? {}
        : { initContainers: spec.initContainers.map(add) }),
      containers: spec.containers.map(add),
    },
  };
}

function mountsAt(mounts: readonly { mountPath: string }[] | undefined): boolean {
  return (mounts ?? []).some(({ mountPath }) => mountPath === MOUNT_PATH);
}

function accessVolume(): NonNullable<Pod["spec"]["volumes"]>[number] {
  return {
    name: VOLUME,
    projected: {
      defaultMode: 0o644,
      sources: [
        { serviceAccountToken: { expirationSeconds: EXPIRATION_SECONDS, path: "token" } },
        { configMap: { name: "kube-root-ca.crt", items: [{ key: "ca.crt", path: "ca.crt" }] } },
        {
          downwardAPI: {
            items: [{ path: "namespace", fieldRef: { fieldPath: "metadata.namespace" } }],
          },
        },
      ],
    },
  };
}

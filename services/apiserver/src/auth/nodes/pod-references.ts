import type { Container, Pod, Volume } from "@kubehop/api";

/** What a pod refers to by name, in its own namespace. */
export interface PodReferences {
  readonly configmaps: ReadonlySet<string>;
  readonly secrets: ReadonlySet<string>;
}

/** The ConfigMaps and Secrets that a pod's kubelet needs to run it. */
export function podReferences({ spec }: Pod): PodReferences {
  const configmaps = new Set<string>();
  const secrets = new Set<string>();
  const add = (to: Set<string>, name: string | undefined): void => {
    if (name !== undefined && name !== "") to.add(name);
  };
  const addVolume = ({ configMap, secret, projected }: Volume): void => {
    add(configmaps, configMap?.name);
    add(secrets, secret?.secretName);
    for (const source of projected?.sources ?? []) {
      add(configmaps, source.configMap?.name);
      add(secrets, source.secret?.name);
    }
  };
  const addContainer = ({ env = [], envFrom = [] }: Container): void => {
    for (const { valueFrom } of env) {
      add(configmaps, valueFrom?.configMapKeyRef?.name);
      add(secrets, valueFrom?.secretKeyRef?.name);
    }
    for (const { configMapRef, secretRef } of envFrom) {
      add(configmaps, configMapRef?.name);
      add(secrets, secretRef?.name);
    }
  };
  for (const volume of spec.volumes ?? []) addVolume(volume);
  const { initContainers = [], containers, ephemeralContainers = [] } = spec;
  for (const container of [...initContainers, ...containers, ...ephemeralContainers]) {
    addContainer(container);
  }
  for (const { name } of spec.imagePullSecrets ?? []) add(secrets, name);
  return { configmaps, secrets };
}

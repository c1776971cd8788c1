import type { Container, Pod, Volume } from "@kubehop/api";
import { allContainers } from "./pod-to-spec.ts";

/** An object a pod may refer to. */
type Reference = readonly [kind: "configmap" | "secret", name: string | undefined];

/**
 * The ConfigMaps and Secrets of its namespace that a pod refers to, as `configmap/NAME` and
 * `secret/NAME`: when one of them changes the pod is looked at again.
 */
export function podReferences(pod: Pod): Set<string> {
  const references = [
    ...(pod.spec.volumes ?? []).flatMap(volumeReferences),
    ...allContainers(pod).flatMap(envReferences),
  ];
  const named = references.filter(([, name]) => name !== undefined && name !== "");
  return new Set(named.map(([kind, name]) => `${kind}/${name}`));
}

function volumeReferences({ configMap, secret, projected }: Volume): Reference[] {
  const sources = projected?.sources ?? [];
  return [
    ["configmap", configMap?.name],
    ["secret", secret?.secretName],
    ...sources.flatMap((source): Reference[] => [
      ["configmap", source.configMap?.name],
      ["secret", source.secret?.name],
    ]),
  ];
}

function envReferences({ env = [], envFrom = [] }: Container): Reference[] {
  return [
    ...env.flatMap(({ valueFrom }): Reference[] => [
      ["configmap", valueFrom?.configMapKeyRef?.name],
      ["secret", valueFrom?.secretKeyRef?.name],
    ]),
    ...envFrom.flatMap(({ configMapRef, secretRef }): Reference[] => [
      ["configmap", configMapRef?.name],
      ["secret", secretRef?.name],
    ]),
  ];
}

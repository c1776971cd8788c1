import type { Deployment, StatefulSet } from "@kubehop/api";

/** An object whose pods can be waited for. */
export type Workload = Deployment | StatefulSet;

/** How far a workload is. */
export interface RolloutState {
  /** "deployment default/my-api" */
  readonly name: string;
  readonly ready: number;
  readonly wanted: number;
  /** All pods are of the current template and ready. */
  readonly complete: boolean;
}

/** Reads from an object's status how far its rollout is (upstream: kubectl's rollout_status.go). */
export function rolloutState(object: Workload): RolloutState {
  const { metadata, spec } = object;
  const wanted = spec.replicas ?? 1;
  const status = { ...NO_PROGRESS, ...object.status };
  return {
    name: `${object.kind.toLowerCase()} ${metadata.namespace}/${metadata.name}`,
    ready: status.readyReplicas,
    wanted,
    complete:
      status.observedGeneration >= (metadata.generation ?? 1) &&
      status.readyReplicas >= wanted &&
      status.availableReplicas >= wanted &&
      status.updatedReplicas >= wanted &&
      status.replicas <= wanted,
  };
}

const NO_PROGRESS = {
  observedGeneration: 0,
  replicas: 0,
  readyReplicas: 0,
  availableReplicas: 0,
  updatedReplicas: 0,
};

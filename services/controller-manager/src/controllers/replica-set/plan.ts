import type { Condition, Pod, ReplicaSet, ReplicaSetStatus } from "@kubehop/api";
import { labelSelectorMatches, selectorFromMap } from "@kubehop/api";
import { isAvailable, isReady, readySince, restartsOf } from "../../pods.ts";

/** What ReplicaSets and ReplicationControllers have in common. */
export type ReplicaOwner = Pick<ReplicaSet, "metadata" | "status"> & {
  readonly spec: Pick<ReplicaSet["spec"], "replicas" | "minReadySeconds" | "template">;
};

/** What has to be done for the number of pods to be right. */
export interface ReplicaPlan {
  readonly create: number;
  readonly delete: readonly Pod[];
}

/** At most so many pods are created or deleted in one go (upstream's BurstReplicas). */
export const BURST_REPLICAS = 500;

/**
 * How many pods to create, or which to delete: those that serve least go first. `pods` are the
 * active ones; `nodeLoad` tells how many pods of the same owner a node has.
 */
export function planReplicas(replicas: number, pods: readonly Pod[]): ReplicaPlan {
  const missing = replicas - pods.length;
  if (missing >= 0) return { create: Math.min(missing, BURST_REPLICAS), delete: [] };
  const surplus = Math.min(-missing, BURST_REPLICAS);
  return { create: 0, delete: rankForDeletion(pods).slice(0, surplus) };
}

/** Annotation by which a user says which pod should go first; lower goes first. */
const DELETION_COST = "controller.kubernetes.io/pod-deletion-cost";
const PHASES: readonly (string | undefined)[] = ["Pending", "Unknown", "Running"];

/**
 * Pods in the order in which they are given up (upstream's ActivePodsWithRanks): not scheduled,
 * then pending, not ready, low deletion cost, sharing a node with more of their kind, ready for
 * less long, restarted more often, younger; at last by name, so that the order is always the same.
 */
export function rankForDeletion(pods: readonly Pod[]): Pod[] {
  const nodeOf = (pod: Pod): string => pod.spec.nodeName ?? "";
  const load = Map.groupBy(pods, nodeOf);
  const rank = (pod: Pod): readonly number[] => [
    nodeOf(pod) === "" ? 0 : 1,
    PHASES.indexOf(pod.status?.phase ?? "Pending"),
    Number(isReady(pod)),
    deletionCost(pod),
    -(load.get(nodeOf(pod))?.length ?? 0),
    -(readySince(pod) ?? 0),
    -restartsOf(pod),
    -(Date.parse(pod.metadata.creationTimestamp ?? "") || 0),
  ];
  const ranked = pods.map((pod) => ({ pod, rank: rank(pod) }));
  ranked.sort((a, b) => compareRanks(a.rank, b.rank) || byName(a.pod, b.pod));
  return ranked.map(({ pod }) => pod);
}

function deletionCost({ metadata }: Pod): number {
  return Number(metadata.annotations?.[DELETION_COST] ?? 0) || 0;
}

function compareRanks(a: readonly number[], b: readonly number[]): number {
  for (const [index, value] of a.entries()) {
    const difference = value - (b[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

function byName(a: Pod, b: Pod): number {
  return a.metadata.name < b.metadata.name ? -1 : 1;
}

/** The status of a ReplicaSet with such pods. */
export function replicaSetStatus(
  replicaSet: ReplicaOwner,
  pods: readonly Pod[],
  now: number,
): ReplicaSetStatus {
  const { minReadySeconds = 0, template } = replicaSet.spec;
  const templateLabels = selectorFromMap(template.metadata?.labels);
  const count = (holds: (pod: Pod) => boolean): number => pods.filter(holds).length;
  return {
    replicas: pods.length,
    fullyLabeledReplicas: count((pod) => labelSelectorMatches(templateLabels, pod.metadata.labels)),
    readyReplicas: count(isReady),
    availableReplicas: count((pod) => isAvailable(pod, minReadySeconds, now)),
    ...(replicaSet.metadata.generation !== undefined && {
      observedGeneration: replicaSet.metadata.generation,
    }),
  };
}

/** Says in the status whether pods could be created and deleted. */
export function replicaFailure(error: unknown): Omit<Condition, "lastTransitionTime"> {
  const message = error instanceof Error ? error.message : String(error);
  return { type: "ReplicaFailure", status: "True", reason: "FailedCreate", message };
}

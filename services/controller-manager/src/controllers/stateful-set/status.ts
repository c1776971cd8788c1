import type { Pod, StatefulSetStatus } from "@kubehop/api";
import { isDeleting } from "../../owners.ts";
import { isAvailable, isReady, isTerminal } from "../../pods.ts";
import { revisionNameOf, type StatefulSetState } from "./plan.ts";
import type { Revision } from "../../revisions.ts";

/**
 * The status of a StatefulSet with such pods. A rollout that is complete makes the update revision
 * the current one.
 */
export function statefulSetStatus(state: StatefulSetState): StatefulSetStatus {
  const { current, update, now } = state;
  const { metadata, spec, status } = state.statefulSet;
  const pods = state.pods.filter((pod) => !isTerminal(pod));
  const live = pods.filter((pod) => !isDeleting(pod));
  const count = (holds: (pod: Pod) => boolean): number => live.filter(holds).length;
  const isOf = (revision: Revision) => (pod: Pod) => revisionNameOf(pod) === revision.name;
  const updatedReplicas = count(isOf(update));
  const settled = [pods.length, count(isReady), updatedReplicas];
  const isRolling = spec.updateStrategy?.type !== "OnDelete";
  const isComplete = isRolling && settled.every((number) => number === (spec.replicas ?? 1));
  const { generation } = metadata;
  return {
    ...(generation !== undefined && { observedGeneration: generation }),
    replicas: pods.length,
    readyReplicas: count(isReady),
    availableReplicas: count((pod) => isAvailable(pod, spec.minReadySeconds ?? 0, now)),
    currentReplicas: isComplete ? updatedReplicas : count(isOf(current)),
    updatedReplicas,
    currentRevision: isComplete ? update.name : current.name,
    updateRevision: update.name,
    collisionCount: status?.collisionCount ?? 0,
    ...(status?.conditions && { conditions: status.conditions }),
  };
}

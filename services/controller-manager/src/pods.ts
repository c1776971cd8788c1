import type { Pod } from "@kubehop/api";
import { findCondition } from "./conditions.ts";
import { isDeleting } from "./owners.ts";

/** Whether the pod has ended for good. */
export function isTerminal(pod: Pod): boolean {
  return pod.status?.phase === "Succeeded" || pod.status?.phase === "Failed";
}

/** Whether the pod counts as a replica: it neither has ended nor is about to. */
export function isActive(pod: Pod): boolean {
  return !isTerminal(pod) && !isDeleting(pod);
}

/** Whether the pod's condition Ready is True. */
export function isReady(pod: Pod): boolean {
  return findCondition(pod.status?.conditions, "Ready")?.status === "True";
}

/** Unix ms since when the pod is ready; undefined when it is not. */
export function readySince(pod: Pod): number | undefined {
  const condition = findCondition(pod.status?.conditions, "Ready");
  if (condition?.status !== "True") return undefined;
  return Date.parse(condition.lastTransitionTime ?? "") || 0;
}

/**
 * In how many ms the ready pod will be available (ready for minReadySeconds): 0 when it is,
 * undefined when it is not even ready.
 */
export function availableIn(pod: Pod, minReadySeconds: number, now: number): number | undefined {
  const since = readySince(pod);
  if (since === undefined) return undefined;
  return Math.max(0, since + minReadySeconds * 1_000 - now);
}

/** Whether the pod is ready for at least minReadySeconds. */
export function isAvailable(pod: Pod, minReadySeconds: number, now: number): boolean {
  return availableIn(pod, minReadySeconds, now) === 0;
}

/** Restarts of the pod's container that restarted most. */
export function restartsOf(pod: Pod): number {
  const counts = (pod.status?.containerStatuses ?? []).map((status) => status.restartCount);
  return Math.max(0, ...counts);
}

import { CONTROLLER_REVISION_HASH_LABEL, type Pod, type StatefulSet } from "@kubehop/api";
import { isDeleting } from "../../owners.ts";
import { isAvailable, isTerminal } from "../../pods.ts";
import type { Revision } from "../../revisions.ts";

/** The next steps for a StatefulSet's pods; all of them may be taken at once. */
export interface StatefulSetPlan {
  readonly create: readonly PlannedPod[];
  readonly delete: readonly Pod[];
}

/** A pod to create. */
export interface PlannedPod {
  readonly ordinal: number;
  readonly revision: Revision;
}

/** What the plan is made from. */
export interface StatefulSetState {
  readonly statefulSet: StatefulSet;
  /** Its pods, terminating ones too. */
  readonly pods: readonly Pod[];
  readonly current: Revision;
  readonly update: Revision;
  /** Unix ms. */
  readonly now: number;
}

const NOTHING: StatefulSetPlan = { create: [], delete: [] };

/**
 * What to do next (upstream's updateStatefulSet). Rules: a name is never used by two pods, so a pod
 * is created only when its predecessor of that name is gone. With OrderedReady one pod changes at a
 * time: created upwards, each after all below it are available; deleted downwards. With Parallel
 * creating and scaling down wait for nobody. A rolling update deletes from the highest ordinal down
 * to the partition, one at a time, and waits for every pod above to be available again.
 */
export function planStatefulSet(state: StatefulSetState): StatefulSetPlan {
  const { statefulSet } = state;
  if (isDeleting(statefulSet)) return NOTHING;
  const slots = slotsOf(state);
  const isParallel = statefulSet.spec.podManagementPolicy === "Parallel";
  const ended = slots.filter(({ pod }) => pod && isTerminal(pod) && !isDeleting(pod));
  const empty = slots.filter(({ pod }) => pod === undefined);
  const condemned = condemnedPods(state);
  if (isParallel) {
    const create = empty.map(({ ordinal }) => planPod(state, ordinal));
    const leaving = condemned.filter((pod) => !isDeleting(pod));
    const restart = ended.flatMap(({ pod }) => pod ?? []);
    if (create.length + leaving.length + restart.length > 0) {
      return { create, delete: [...restart, ...leaving] };
    }
    return planUpdate(state, slots);
  }
  const waiting = slots.find(({ pod }) => pod === undefined || !isHealthy(state, pod));
  if (waiting !== undefined) return advance(state, waiting);
  const [last] = condemned;
  if (last !== undefined) return isDeleting(last) ? NOTHING : { create: [], delete: [last] };
  return planUpdate(state, slots);
}

/** The number at the end of a pod's name; undefined when it has none. */
export function ordinalOf(statefulSetName: string, podName: string): number | undefined {
  const prefix = `${statefulSetName}-`;
  const digits = podName.startsWith(prefix) ? podName.slice(prefix.length) : "";
  return /^(0|[1-9]\d*)$/.test(digits) ? Number(digits) : undefined;
}

/** The template a pod was made from. */
export function revisionNameOf({ metadata }: Pod): string | undefined {
  return metadata.labels?.[CONTROLLER_REVISION_HASH_LABEL];
}

/** A wanted ordinal and the pod that has it. */
interface Slot {
  readonly ordinal: number;
  readonly pod: Pod | undefined;
}

function slotsOf({ statefulSet, pods }: StatefulSetState): Slot[] {
  const { name } = statefulSet.metadata;
  const byOrdinal = new Map(pods.map((pod) => [ordinalOf(name, pod.metadata.name), pod]));
  const start = statefulSet.spec.ordinals?.start ?? 0;
  return Array.from({ length: statefulSet.spec.replicas ?? 1 }, (_, index) => ({
    ordinal: start + index,
    pod: byOrdinal.get(start + index),
  }));
}

/** Pods outside the wanted range, the highest first. */
function condemnedPods({ statefulSet, pods }: StatefulSetState): Pod[] {
  const { metadata, spec } = statefulSet;
  const start = spec.ordinals?.start ?? 0;
  const end = start + (spec.replicas ?? 1);
  const ordinal = (pod: Pod): number => ordinalOf(metadata.name, pod.metadata.name) ?? -1;
  const outside = pods.filter((pod) => ordinal(pod) < start || ordinal(pod) >= end);
  return outside.toSorted((a, b) => ordinal(b) - ordinal(a));
}

/**
 * The lowest pod that is not available decides; all above it wait. A template that never gets ready
 * therefore stops its own repair until somebody deletes the pod: so it is upstream too
 * (kubernetes/kubernetes#67250).
 */
function advance(state: StatefulSetState, { ordinal, pod }: Slot): StatefulSetPlan {
  if (pod === undefined) return { create: [planPod(state, ordinal)], delete: [] };
  const mustRestart = isTerminal(pod) && !isDeleting(pod);
  return mustRestart ? { create: [], delete: [pod] } : NOTHING;
}

function planUpdate(state: StatefulSetState, slots: readonly Slot[]): StatefulSetPlan {
  const { statefulSet, update } = state;
  if (statefulSet.spec.updateStrategy?.type === "OnDelete") return NOTHING;
  const partition = partitionOf(statefulSet);
  for (const { ordinal, pod } of slots.toReversed()) {
    if (ordinal < partition || pod === undefined) return NOTHING;
    const isOutdated = revisionNameOf(pod) !== update.name;
    if (isOutdated && !isDeleting(pod)) return { create: [], delete: [pod] };
    if (!isHealthy(state, pod)) return NOTHING;
  }
  return NOTHING;
}

/** Ordinals below the partition keep the template from before the rollout. */
function planPod({ statefulSet, current, update }: StatefulSetState, ordinal: number): PlannedPod {
  const isRolling = statefulSet.spec.updateStrategy?.type !== "OnDelete";
  const keepsOld = isRolling && ordinal < partitionOf(statefulSet);
  return { ordinal, revision: keepsOld ? current : update };
}

function partitionOf({ spec }: StatefulSet): number {
  const start = spec.ordinals?.start ?? 0;
  const partition = spec.updateStrategy?.rollingUpdate?.partition ?? 0;
  return partition === 0 ? 0 : start + partition;
}

function isHealthy({ statefulSet, now }: StatefulSetState, pod: Pod): boolean {
  const { minReadySeconds = 0 } = statefulSet.spec;
  return !isDeleting(pod) && !isTerminal(pod) && isAvailable(pod, minReadySeconds, now);
}

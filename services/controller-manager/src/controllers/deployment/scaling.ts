import type { ReplicaSet } from "@kubehop/api";
import type { RolloutLimits } from "./limits.ts";

/** ReplicaSets and the number of pods each is to have. */
export type ScalePlan = ReadonlyMap<ReplicaSet, number>;

/** The ReplicaSets of a Deployment: the one of its present template, and older ones. */
export interface Generations {
  readonly current: ReplicaSet | undefined;
  /** In order of creation, oldest first. */
  readonly old: readonly ReplicaSet[];
}

/** The Deployment's replicas when its ReplicaSet was last scaled. */
export const DESIRED_REPLICAS_ANNOTATION = "deployment.kubernetes.io/desired-replicas";
/** As many pods as there might have been then: replicas + maxSurge. */
export const MAX_REPLICAS_ANNOTATION = "deployment.kubernetes.io/max-replicas";

const NOTHING: ScalePlan = new Map();

/**
 * The next step of a rolling update (upstream's rolloutRolling): first the new ReplicaSet grows as
 * far as the surge lets it; when it cannot, the old ones shrink as far as availability lets them,
 * pods that are not available anyway first. Empty: wait for pods, or done.
 */
export function planRollingUpdate({ current, old }: Generations, limits: RolloutLimits): ScalePlan {
  if (current === undefined) return NOTHING;
  const grown = newReplicas(current, old, limits);
  if (grown !== wanted(current)) return new Map([[current, grown]]);
  return planOldScaleDown(current, old, limits);
}

/** All old ReplicaSets to 0; the new one waits until their pods are gone (strategy Recreate). */
export function planRecreate(
  { current, old }: Generations,
  limits: RolloutLimits,
  oldPodsGone: boolean,
): ScalePlan {
  const shrinking = old.filter((replicaSet) => wanted(replicaSet) > 0);
  if (shrinking.length > 0) return new Map(shrinking.map((replicaSet) => [replicaSet, 0]));
  if (current === undefined || !oldPodsGone || wanted(current) === limits.replicas) return NOTHING;
  return new Map([[current, limits.replicas]]);
}

/**
 * What to do when the Deployment's own size changed, or while it is paused (upstream's scale): one
 * active ReplicaSet takes it all; in the middle of a rollout each takes a share by its size.
 */
export function planScale({ current, old }: Generations, limits: RolloutLimits): ScalePlan {
  const active = [...old, ...(current ? [current] : [])].filter((set) => wanted(set) > 0);
  const single = active.length <= 1 ? (active[0] ?? current) : undefined;
  if (single !== undefined) return new Map([[single, limits.replicas]]);
  if (current !== undefined && isSaturated(current, limits)) {
    return new Map(active.filter((set) => set !== current).map((set) => [set, 0]));
  }
  return planProportionally(active, limits);
}

/** Whether the Deployment's replicas changed since its ReplicaSets were scaled. */
export function isScalingEvent({ current, old }: Generations, replicas: number): boolean {
  return [...old, ...(current ? [current] : [])].some((set) => {
    const desired = set.metadata.annotations?.[DESIRED_REPLICAS_ANNOTATION];
    return wanted(set) > 0 && desired !== undefined && Number(desired) !== replicas;
  });
}

/** How many pods a ReplicaSet is to have. */
export function wanted(replicaSet: ReplicaSet): number {
  return replicaSet.spec.replicas ?? 1;
}

function available(replicaSet: ReplicaSet): number {
  return replicaSet.status?.availableReplicas ?? 0;
}

function sum(sets: readonly ReplicaSet[], value: (set: ReplicaSet) => number): number {
  return sets.reduce((total, set) => total + value(set), 0);
}

function newReplicas(
  current: ReplicaSet,
  old: readonly ReplicaSet[],
  { replicas, maxSurge }: RolloutLimits,
): number {
  const room = replicas + maxSurge - sum([current, ...old], wanted);
  if (wanted(current) >= replicas) return replicas;
  return wanted(current) + Math.min(Math.max(0, room), replicas - wanted(current));
}

function planOldScaleDown(
  current: ReplicaSet,
  old: readonly ReplicaSet[],
  { minAvailable }: RolloutLimits,
): ScalePlan {
  const plan = new Map<ReplicaSet, number>();
  const notThereYet = Math.max(0, wanted(current) - available(current));
  let budget = sum([current, ...old], wanted) - minAvailable - notThereYet;
  const shrink = (set: ReplicaSet, by: number): void => {
    if (by <= 0) return;
    plan.set(set, (plan.get(set) ?? wanted(set)) - by);
    budget -= by;
  };
  for (const set of old) shrink(set, Math.min(budget, wanted(set) - available(set)));
  let spare = sum([current, ...old], available) - minAvailable;
  for (const set of old) {
    const by = Math.min(budget, spare, plan.get(set) ?? wanted(set));
    shrink(set, by);
    spare -= Math.max(0, by);
  }
  return plan;
}

function isSaturated(current: ReplicaSet, { replicas }: RolloutLimits): boolean {
  const desired = current.metadata.annotations?.[DESIRED_REPLICAS_ANNOTATION];
  const isSettled = Number(desired) === replicas && wanted(current) === replicas;
  return isSettled && available(current) === replicas;
}

function planProportionally(sets: readonly ReplicaSet[], limits: RolloutLimits): ScalePlan {
  const allowed = limits.replicas > 0 ? limits.replicas + limits.maxSurge : 0;
  const toAdd = allowed - sum(sets, wanted);
  // Larger ones first: they take what rounding leaves over.
  const order = sets.toSorted((a, b) => wanted(b) - wanted(a));
  const plan = new Map(order.map((set) => [set, wanted(set)]));
  let left = toAdd;
  for (const set of order) {
    const share = clampToward(left, Math.round((wanted(set) * allowed) / maxOf(set)) - wanted(set));
    plan.set(set, Math.max(0, wanted(set) + share));
    left -= share;
  }
  const [largest] = order;
  if (largest !== undefined) plan.set(largest, Math.max(0, (plan.get(largest) ?? 0) + left));
  return plan;
}

/** A share that has the sign of what is left and is not more than it. */
function clampToward(left: number, share: number): number {
  return left >= 0 ? Math.min(Math.max(share, 0), left) : Math.max(Math.min(share, 0), left);
}

function maxOf(replicaSet: ReplicaSet): number {
  const annotated = Number(replicaSet.metadata.annotations?.[MAX_REPLICAS_ANNOTATION]);
  return annotated > 0 ? annotated : Math.max(1, wanted(replicaSet));
}

import type { Condition, Deployment, DeploymentStatus, ReplicaSet } from "@kubehop/api";
import { findCondition, timestamp, withCondition } from "../../conditions.ts";
import { type RolloutLimits, rolloutLimits } from "./limits.ts";
import type { Generations } from "./scaling.ts";

const DEFAULT_PROGRESS_DEADLINE_S = 600;

/** The status of a Deployment with such ReplicaSets (upstream's calculateStatus and progress). */
export function deploymentStatus(
  deployment: Deployment,
  generations: Generations,
  now: number,
): DeploymentStatus {
  const { current, old } = generations;
  const all = [...old, ...(current ? [current] : [])];
  const total = (value: (set: ReplicaSet) => number | undefined): number =>
    all.reduce((sum, set) => sum + (value(set) ?? 0), 0);
  const availableReplicas = total((set) => set.status?.availableReplicas);
  const { generation } = deployment.metadata;
  const { collisionCount } = deployment.status ?? {};
  const counts = {
    ...(generation !== undefined && { observedGeneration: generation }),
    ...(collisionCount !== undefined && { collisionCount }),
    replicas: total((set) => set.status?.replicas),
    updatedReplicas: current?.status?.replicas ?? 0,
    readyReplicas: total((set) => set.status?.readyReplicas),
    availableReplicas,
    unavailableReplicas: Math.max(0, total((set) => set.spec.replicas) - availableReplicas),
  };
  const limits = rolloutLimits(deployment);
  const available = availability(availableReplicas >= limits.minAvailable);
  const conditions = withCondition(
    deployment.status?.conditions,
    touched(deployment, available, now),
    now,
  );
  const progress = progressing({ deployment, counts, current, limits, now });
  return {
    ...counts,
    conditions: progress === undefined ? conditions : withCondition(conditions, progress, now),
  };
}

/**
 * In how many ms the rollout will be too late; undefined when no deadline runs (it is complete,
 * paused, failed already, or has no deadline).
 */
export function progressDeadlineIn(
  { spec }: Deployment,
  { conditions }: DeploymentStatus,
  now: number,
): number | undefined {
  const condition = findCondition(conditions, "Progressing");
  if (spec.paused === true || condition === undefined || condition.status !== "True")
    return undefined;
  if (condition.reason === COMPLETE.reason) return undefined;
  return Math.max(0, deadlineOf(spec, condition) - now);
}

type NewCondition = Omit<Condition, "lastTransitionTime">;

const COMPLETE = { status: "True", reason: "NewReplicaSetAvailable" } as const;

interface Progress {
  readonly deployment: Deployment;
  readonly counts: DeploymentStatus;
  readonly current: ReplicaSet | undefined;
  readonly limits: RolloutLimits;
  readonly now: number;
}

/** The condition Progressing; undefined leaves it as it is. */
function progressing(progress: Progress): NewCondition | undefined {
  const { deployment, counts, current, limits, now } = progress;
  const before = findCondition(deployment.status?.conditions, "Progressing");
  const name = current === undefined ? "" : `ReplicaSet "${current.metadata.name}"`;
  const say = (condition: Omit<NewCondition, "type" | "lastUpdateTime">): NewCondition =>
    touched(deployment, { type: "Progressing", ...condition }, now);

  if (deployment.spec.paused === true) {
    const message = "Deployment is paused";
    return say({ status: "Unknown", reason: "DeploymentPaused", message });
  }
  if (isComplete(counts, limits)) {
    return say({ ...COMPLETE, message: `${name} has successfully progressed.` });
  }
  if (hasProgressed(deployment.status, counts) || before?.reason === "DeploymentPaused") {
    return {
      type: "Progressing",
      status: "True",
      reason: "ReplicaSetUpdated",
      message: `${name} is progressing.`,
      lastUpdateTime: timestamp(now),
    };
  }
  if (before !== undefined && before.status === "True" && before.reason !== COMPLETE.reason) {
    if (now < deadlineOf(deployment.spec, before)) return undefined;
    const message = `${name} has timed out progressing.`;
    return say({ status: "False", reason: "ProgressDeadlineExceeded", message });
  }
  return undefined;
}

function availability(isAvailable: boolean): NewCondition {
  return isAvailable
    ? {
        type: "Available",
        status: "True",
        reason: "MinimumReplicasAvailable",
        message: "Deployment has minimum availability.",
      }
    : {
        type: "Available",
        status: "False",
        reason: "MinimumReplicasUnavailable",
        message: "Deployment does not have minimum availability.",
      };
}

/** The time of the last update moves only when the condition says something new. */
function touched({ status }: Deployment, next: NewCondition, now: number): NewCondition {
  const before = findCondition(status?.conditions, next.type);
  const isSame = before?.status === next.status && before.reason === next.reason;
  const lastUpdateTime = isSame ? before.lastUpdateTime : timestamp(now);
  return { ...next, ...(lastUpdateTime !== undefined && { lastUpdateTime }) };
}

function isComplete(counts: DeploymentStatus, { replicas }: RolloutLimits): boolean {
  return (
    counts.updatedReplicas === replicas &&
    counts.replicas === replicas &&
    (counts.availableReplicas ?? 0) >= replicas
  );
}

function hasProgressed(before: DeploymentStatus | undefined, now: DeploymentStatus): boolean {
  const oldPods = (status: DeploymentStatus | undefined): number =>
    (status?.replicas ?? 0) - (status?.updatedReplicas ?? 0);
  const rose = (field: "updatedReplicas" | "readyReplicas" | "availableReplicas"): boolean =>
    (now[field] ?? 0) > (before?.[field] ?? 0);
  return (
    oldPods(now) < oldPods(before) ||
    rose("updatedReplicas") ||
    rose("readyReplicas") ||
    rose("availableReplicas")
  );
}

function deadlineOf(spec: Deployment["spec"], { lastUpdateTime }: Condition): number {
  const seconds = spec.progressDeadlineSeconds ?? DEFAULT_PROGRESS_DEADLINE_S;
  return Date.parse(lastUpdateTime ?? "") + seconds * 1_000;
}

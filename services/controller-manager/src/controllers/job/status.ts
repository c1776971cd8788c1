import type { Condition, JobStatus } from "@kubehop/api";
import { findCondition, timestamp, withCondition } from "../../conditions.ts";
import type { JobState, Verdict } from "./plan.ts";

/**
 * The status with what is decided. A Job that is to end first says so (FailureTarget,
 * SuccessCriteriaMet), and has ended when its last pod has (KEP-4368).
 */
export function decidedStatus(
  { job, now, counts }: JobState,
  status: JobStatus,
  verdict: Verdict | undefined,
): JobStatus {
  const started = withStart(job.spec.suspend === true, status, now);
  const conditions = suspendConditions(job.spec.suspend === true, started.conditions, now);
  if (verdict === undefined) return { ...started, ...present(conditions) };
  const target = verdict.type === "Failed" ? "FailureTarget" : "SuccessCriteriaMet";
  const { reason, message } = verdict;
  const told = { status: "True", reason, message } as const;
  const announced = withCondition(conditions, { type: target, ...told }, now);
  const isLast = counts.active.length + counts.terminating === 0 && isCounted(status);
  if (!isLast) return { ...started, conditions: announced };
  return {
    ...started,
    conditions: withCondition(announced, { type: verdict.type, ...told }, now),
    ...(verdict.type === "Complete" && { completionTime: timestamp(now) }),
  };
}

function isCounted({ uncountedTerminatedPods = {} }: JobStatus): boolean {
  const { succeeded = [], failed = [] } = uncountedTerminatedPods;
  return succeeded.length + failed.length === 0;
}

function withStart(isSuspended: boolean, status: JobStatus, now: number): JobStatus {
  if (!isSuspended) return { ...status, startTime: status.startTime ?? timestamp(now) };
  const { startTime: _stopped, ...rest } = status;
  return rest;
}

function suspendConditions(
  isSuspended: boolean,
  conditions: readonly Condition[] | undefined,
  now: number,
): Condition[] {
  const was = findCondition(conditions, "Suspended");
  if (!isSuspended && was === undefined) return [...(conditions ?? [])];
  const next = isSuspended
    ? ({ status: "True", reason: "JobSuspended", message: "Job suspended" } as const)
    : ({ status: "False", reason: "JobResumed", message: "Job resumed" } as const);
  return withCondition(conditions, { type: "Suspended", ...next }, now);
}

function present(conditions: Condition[]): { conditions?: Condition[] } {
  return conditions.length === 0 ? {} : { conditions };
}

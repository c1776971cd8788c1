import type { Job, Pod } from "@kubehop/api";
import { findCondition } from "../../conditions.ts";
import { rankForDeletion } from "../replica-set/plan.ts";
import type { JobCounts } from "./counts.ts";
import { isIndexed } from "./counts.ts";
import { backoffLeft, indexOf, restartsOfAll } from "./pods.ts";

/** Why a Job ends. */
export interface Verdict {
  readonly type: "Complete" | "Failed";
  readonly reason: string;
  readonly message: string;
}

/** What the plan is made from. */
export interface JobState {
  readonly job: Job;
  readonly pods: readonly Pod[];
  readonly counts: JobCounts;
  /** Unix ms. */
  readonly now: number;
}

/** The next steps for a Job's pods. */
export interface JobPlan {
  /** Pods to create; of an Indexed Job one for each index. */
  readonly create: readonly (number | undefined)[];
  readonly delete: readonly Pod[];
  /** Whether deleted pods count as failed: those of a Job that ends do, others were in excess. */
  readonly countsDeleted: boolean;
  /** When to look again, ms; undefined when only changes matter. */
  readonly againInMs: number | undefined;
}

/** At most so many pods are created in one go (upstream's MaxPodCreateDeletePerSync). */
const BURST = 500;

/** Whether the Job has ended, or is about to and only waits for its last pods; why. */
export function verdictOf({ job, pods, counts, now }: JobState): Verdict | undefined {
  return earlierVerdict(job) ?? failureOf(job, pods, counts, now) ?? completionOf(job, counts);
}

/** The condition that tells that a Job has ended for good. */
export function endOf({ status }: Job): ReturnType<typeof findCondition> {
  const isTrue = (type: string): ReturnType<typeof findCondition> => {
    const condition = findCondition(status?.conditions, type);
    return condition?.status === "True" ? condition : undefined;
  };
  return isTrue("Complete") ?? isTrue("Failed");
}

/** Which pods to create and delete; a Job with a verdict, or a suspended one, keeps none. */
export function planJob(state: JobState, verdict: Verdict | undefined): JobPlan {
  const { job, pods, counts, now } = state;
  const { active } = counts;
  if (verdict !== undefined || job.spec.suspend === true) {
    const countsDeleted = verdict !== undefined;
    return { create: [], delete: active, countsDeleted, againInMs: undefined };
  }
  const deadline = deadlineLeft(job, now);
  const idle = { create: [], delete: [], countsDeleted: false, againInMs: deadline };
  const wanted = wantedPods(job, counts);
  if (active.length > wanted) {
    const surplus = surplusOf(job, active).slice(0, active.length - wanted);
    return { ...idle, delete: surplus };
  }
  const missing = wanted - active.length - replacementsToWaitFor(state);
  if (missing <= 0) return idle;
  const wait = backoffLeft(pods, now);
  if (wait > 0) return { ...idle, againInMs: least(wait, deadline) };
  const count = Math.min(missing, BURST);
  const create = isIndexed(job)
    ? freeIndexes(job, counts).slice(0, count)
    : Array.from({ length: count }, () => undefined);
  return { ...idle, create };
}

function earlierVerdict({ status }: Job): Verdict | undefined {
  const types = { FailureTarget: "Failed", SuccessCriteriaMet: "Complete" } as const;
  for (const [type, end] of Object.entries(types)) {
    const condition = findCondition(status?.conditions, type);
    if (condition?.status !== "True") continue;
    return { type: end, reason: condition.reason ?? "", message: condition.message ?? "" };
  }
  return undefined;
}

function failureOf(
  job: Job,
  pods: readonly Pod[],
  { failed }: JobCounts,
  now: number,
): Verdict | undefined {
  const { backoffLimit = 6, template } = job.spec;
  const restarts = template.spec.restartPolicy === "OnFailure" ? restartsOfAll(pods) : 0;
  const isExhausted = restarts > 0 && restarts >= Math.max(backoffLimit, 1);
  if (failed > backoffLimit || isExhausted) {
    const message = "Job has reached the specified backoff limit";
    return { type: "Failed", reason: "BackoffLimitExceeded", message };
  }
  if (deadlineLeft(job, now) !== 0) return undefined;
  const message = "Job was active longer than specified deadline";
  return { type: "Failed", reason: "DeadlineExceeded", message };
}

function completionOf(job: Job, { succeeded, active }: JobCounts): Verdict | undefined {
  const { completions } = job.spec;
  const isDone =
    completions === undefined ? succeeded > 0 && active.length === 0 : succeeded >= completions;
  if (!isDone || job.spec.suspend === true) return undefined;
  const message = "Reached expected number of succeeded pods";
  return { type: "Complete", reason: "CompletionsReached", message };
}

/** In how many ms the Job's time is up; undefined without a limit, or while it does not run. */
function deadlineLeft({ spec, status }: Job, now: number): number | undefined {
  const { activeDeadlineSeconds, suspend } = spec;
  if (activeDeadlineSeconds === undefined || suspend === true) return undefined;
  if (status?.startTime === undefined) return undefined;
  return Math.max(0, Date.parse(status.startTime) + activeDeadlineSeconds * 1_000 - now);
}

/** How many pods should run: without completions none begins after the first success. */
function wantedPods(job: Job, { succeeded, active }: JobCounts): number {
  const { completions, parallelism = 1 } = job.spec;
  if (completions === undefined) {
    return succeeded > 0 ? Math.min(active.length, parallelism) : parallelism;
  }
  return Math.min(Math.max(completions - succeeded, 0), parallelism);
}

/** With podReplacementPolicy Failed a pod that is going away keeps its place until it has ended. */
function replacementsToWaitFor({ job, counts }: JobState): number {
  return job.spec.podReplacementPolicy === "Failed" ? counts.terminating : 0;
}

/** Pods that should not run, those that lose least first; of two with one index the younger goes. */
function surplusOf(job: Job, active: readonly Pod[]): Pod[] {
  const ranked = rankForDeletion(active);
  if (!isIndexed(job)) return ranked;
  const completions = job.spec.completions ?? 0;
  const index = (pod: Pod): number => indexOf(pod, completions) ?? Number.POSITIVE_INFINITY;
  return ranked.toSorted((a, b) => index(b) - index(a));
}

/** Indexes that neither are completed nor have a pod, the lowest first. */
function freeIndexes({ spec }: Job, { completedIndexes, active }: JobCounts): number[] {
  const completions = spec.completions ?? 0;
  const taken = new Set(active.map((pod) => indexOf(pod, completions)));
  const free: number[] = [];
  for (let index = 0; index < completions && free.length < BURST; index += 1) {
    if (!completedIndexes.has(index) && !taken.has(index)) free.push(index);
  }
  return free;
}

function least(a: number, b: number | undefined): number {
  return b === undefined ? a : Math.min(a, b);
}

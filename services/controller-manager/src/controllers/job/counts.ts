import type { Job, JobStatus, Pod } from "@kubehop/api";
import { isDeleting, uidOf } from "../../owners.ts";
import { isActive, isReady, isTerminal } from "../../pods.ts";
import { formatIndexes, parseIndexes } from "./indexes.ts";
import { hasFailed, hasSucceeded, indexOf, isTracked } from "./pods.ts";

/** What a Job's pods have come to. */
export interface JobCounts {
  /** Pods that count as running. */
  readonly active: readonly Pod[];
  readonly ready: number;
  readonly terminating: number;
  /** Successes, those of pods that are gone too; of an Indexed Job its completed indexes. */
  readonly succeeded: number;
  readonly failed: number;
  /** Of an Indexed Job. */
  readonly completedIndexes: ReadonlySet<number>;
  /** Uids of pods that have ended but are not in the status's numbers yet. */
  readonly uncounted: { readonly succeeded: readonly string[]; readonly failed: readonly string[] };
  /** Ended pods that may go once the status tells of them. */
  readonly toRelease: readonly Pod[];
}

/**
 * Counts a Job's pods. An ended pod is counted once: its uid is first written into
 * status.uncountedTerminatedPods, then its finalizer is taken away, then the number grows
 * (KEP-2307); so neither a pod that is deleted nor a controller that ends falsifies the count.
 */
export function countPods(job: Job, pods: readonly Pod[]): JobCounts {
  const { status = {} } = job;
  const known = status.uncountedTerminatedPods ?? {};
  const tracked = pods.filter(isTracked);
  const succeededPods = tracked.filter(hasSucceeded);
  const failedPods = tracked.filter((pod) => hasFailed(job, pod));
  const uncounted = {
    succeeded: union(known.succeeded, isIndexed(job) ? [] : succeededPods.map(uidOf)),
    failed: union(known.failed, failedPods.map(uidOf)),
  };
  const completedIndexes = completedIndexesOf(job, succeededPods);
  return {
    active: pods.filter(isActive),
    ready: pods.filter((pod) => isActive(pod) && isReady(pod)).length,
    terminating: pods.filter((pod) => isDeleting(pod) && !isTerminal(pod)).length,
    succeeded: isIndexed(job)
      ? completedIndexes.size
      : (status.succeeded ?? 0) + uncounted.succeeded.length,
    failed: (status.failed ?? 0) + uncounted.failed.length,
    completedIndexes,
    uncounted,
    toRelease: [...succeededPods, ...failedPods],
  };
}

/** The status before the pods are released: the uids are there, the numbers do not have them. */
export function announcedStatus(job: Job, counts: JobCounts): JobStatus {
  return { ...job.status, ...indexText(counts), uncountedTerminatedPods: copy(counts) };
}

/** The status after: uids whose pods are released have become numbers. */
export function countedStatus(job: Job, counts: JobCounts, pods: readonly Pod[]): JobStatus {
  const held = new Set(pods.filter(isTracked).map(uidOf));
  const { succeeded, failed } = counts.uncounted;
  const left = {
    succeeded: succeeded.filter((uid) => held.has(uid)),
    failed: failed.filter((uid) => held.has(uid)),
  };
  return {
    ...job.status,
    ...indexText(counts),
    active: counts.active.length,
    ready: counts.ready,
    terminating: counts.terminating,
    succeeded: isIndexed(job) ? counts.succeeded : counts.succeeded - left.succeeded.length,
    failed: counts.failed - left.failed.length,
    uncountedTerminatedPods: withoutEmpty(left),
  };
}

/** Whether the pods of a Job have indexes. */
export function isIndexed({ spec }: Job): boolean {
  return spec.completionMode === "Indexed";
}

function completedIndexesOf(job: Job, succeeded: readonly Pod[]): Set<number> {
  if (!isIndexed(job)) return new Set();
  const completions = job.spec.completions ?? 0;
  const indexes = parseIndexes(job.status?.completedIndexes, completions);
  for (const pod of succeeded) {
    const index = indexOf(pod, completions);
    if (index !== undefined) indexes.add(index);
  }
  return indexes;
}

function indexText({ completedIndexes }: JobCounts): { completedIndexes?: string } {
  return completedIndexes.size === 0 ? {} : { completedIndexes: formatIndexes(completedIndexes) };
}

function copy({ uncounted }: JobCounts): JobStatus["uncountedTerminatedPods"] & object {
  return withoutEmpty({ succeeded: [...uncounted.succeeded], failed: [...uncounted.failed] });
}

function withoutEmpty(uids: { succeeded: string[]; failed: string[] }): {
  succeeded?: string[];
  failed?: string[];
} {
  return {
    ...(uids.succeeded.length > 0 && { succeeded: uids.succeeded }),
    ...(uids.failed.length > 0 && { failed: uids.failed }),
  };
}

function union(known: readonly string[] = [], found: readonly string[]): string[] {
  return [...new Set([...known, ...found])];
}

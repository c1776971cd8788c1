import {
  type CronJob,
  type CronSchedule,
  type Draft,
  type Job,
  Kinds,
  nextCronTime,
  parseCronSchedule,
} from "@kubehop/api";
import { findCondition, timestamp } from "../../conditions.ts";
import { controllerReference } from "../../owners.ts";

/** Annotation of a Job with the time it is for. */
const SCHEDULED_ANNOTATION = "batch.kubernetes.io/cronjob-scheduled-timestamp";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** How far back the latest time is looked for, the nearest first: each walk is then short. */
const WINDOWS_MS = [HOUR_MS, DAY_MS, 31 * DAY_MS, 366 * DAY_MS, 4 * 366 * DAY_MS];

/** What is due; times are unix ms. */
export interface DueTimes {
  /** The latest time that has come and has no Job yet. */
  readonly due: number | undefined;
  /** It came, but too long ago to begin still (startingDeadlineSeconds). */
  readonly missed: boolean;
  /** When the next one comes; undefined when none ever does. */
  readonly next: number | undefined;
}

/** Which time of its schedule a CronJob is at. Of several that were missed only the latest counts. */
export function dueTimes({ metadata, spec, status }: CronJob, now: number): DueTimes {
  const schedule = parseCronSchedule(spec.schedule);
  if ("wrong" in schedule) return { due: undefined, missed: false, next: undefined };
  const next = nextCronTime(schedule, now, spec.timeZone);
  const since = Date.parse(status?.lastScheduleTime ?? metadata.creationTimestamp ?? "") || now;
  const due = latestTime(schedule, { since, now, timeZone: spec.timeZone });
  const { startingDeadlineSeconds: deadline } = spec;
  const missed = due !== undefined && deadline !== undefined && due + deadline * 1_000 < now;
  return { due, missed, next };
}

interface Span {
  readonly since: number;
  readonly now: number;
  readonly timeZone: string | undefined;
}

function latestTime(schedule: CronSchedule, { since, now, timeZone }: Span): number | undefined {
  for (const window of WINDOWS_MS) {
    const from = Math.max(since, now - window);
    let latest: number | undefined;
    let time = nextCronTime(schedule, from, timeZone);
    while (time !== undefined && time <= now) {
      latest = time;
      time = nextCronTime(schedule, time, timeZone);
    }
    if (latest !== undefined || from === since) return latest;
  }
  return undefined;
}

/**
 * Whether a Job of a CronJob counts as active: it was begun by the clock and runs. One that somebody
 * made from the template (`kubectl create job --from`) neither counts nor holds up others
 * (syncCronJob).
 */
export function isActive(job: Job): boolean {
  const { annotations, deletionTimestamp } = job.metadata;
  const isScheduled = annotations?.[SCHEDULED_ANNOTATION] !== undefined;
  return isScheduled && endingOf(job) === undefined && deletionTimestamp === undefined;
}

/** The Job for a time: its name follows from the time, so that none is made twice. */
export function jobDraft(cronJob: CronJob, scheduled: number): Draft<Job> {
  const { name, namespace = "" } = cronJob.metadata;
  const { metadata: { labels, annotations } = {}, spec } = cronJob.spec.jobTemplate;
  return {
    apiVersion: "batch/v1",
    kind: "Job",
    metadata: {
      name: `${name}-${Math.floor(scheduled / 60_000)}`,
      namespace,
      ...(labels && { labels }),
      annotations: { ...annotations, [SCHEDULED_ANNOTATION]: timestamp(scheduled) },
      ownerReferences: [controllerReference(Kinds.CronJob, cronJob)],
    },
    spec,
  };
}

/** How a Job has ended; undefined while it has not. */
function endingOf({ status }: Job): "Complete" | "Failed" | undefined {
  const has = (type: string): boolean => findCondition(status?.conditions, type)?.status === "True";
  if (has("Complete")) return "Complete";
  return has("Failed") ? "Failed" : undefined;
}

/** Ended Jobs beyond the history limits, oldest first. */
export function surplusJobs({ spec }: CronJob, jobs: readonly Job[]): Job[] {
  const limits = {
    Complete: spec.successfulJobsHistoryLimit ?? 3,
    Failed: spec.failedJobsHistoryLimit ?? 1,
  };
  return Object.entries(limits).flatMap(([ending, limit]) => {
    const ended = jobs.filter((job) => endingOf(job) === ending);
    const start = (job: Job): string => `${job.status?.startTime ?? ""} ${job.metadata.name}`;
    const sorted = ended.toSorted((a, b) => (start(a) < start(b) ? -1 : 1));
    return sorted.slice(0, Math.max(0, ended.length - limit));
  });
}

import {
  type CronJob,
  type CronJobStatus,
  isAlreadyExists,
  type Job,
  Kinds,
  type ObjectReference,
} from "@kubehop/api";
import { BY_CONTROLLER } from "../../caches.ts";
import { timestamp } from "../../conditions.ts";
import { enqueueController, enqueueSelf } from "../../enqueue.ts";
import { isDeleting, uidOf } from "../../owners.ts";
import { canonicalJson } from "../../template-hash.ts";
import type { Context, Controller } from "../controller.ts";
import { dueTimes, isActive, jobDraft, surplusJobs } from "./plan.ts";

/** setTimeout's limit; a time further away is looked at again on the way. */
const MAX_WAIT_MS = 86_400_000;

/** Begins Jobs by the clock. */
export const cronJobController: Controller = {
  name: "cronjob",
  workers: 2,
  build(context, queue) {
    const { caches, clock, writer } = context;
    enqueueSelf(caches.CronJob, queue);
    enqueueController(caches.Job, queue, { kind: Kinds.CronJob });

    return async (key) => {
      const cronJob = caches.CronJob.store.get(key);
      if (cronJob === undefined || isDeleting(cronJob)) return;
      const now = clock.now();
      const times = dueTimes(cronJob, now);
      const begun =
        cronJob.spec.suspend === true ? undefined : await begin(context, cronJob, times);
      await writeStatus(context, cronJob, begun);
      // Only now: the status tells of successes that the Jobs themselves prove.
      for (const job of surplusJobs(cronJob, jobsOf(context, cronJob))) {
        await writer.delete(Kinds.Job, job, { propagationPolicy: "Background" });
      }
      if (times.next === undefined || cronJob.spec.suspend === true) return;
      queue.addAfter(key, Math.min(times.next - now, MAX_WAIT_MS));
    };
  },
};

function jobsOf({ caches }: Context, cronJob: CronJob): readonly Job[] {
  return caches.Job.store.byIndex(BY_CONTROLLER, uidOf(cronJob));
}

function activeJobs(context: Context, cronJob: CronJob): readonly Job[] {
  return jobsOf(context, cronJob).filter(isActive);
}

/** Begins the Job that is due, as far as concurrencyPolicy lets it; gives the time it is for. */
async function begin(
  context: Context,
  cronJob: CronJob,
  { due, missed }: ReturnType<typeof dueTimes>,
): Promise<number | undefined> {
  const { events, writer } = context;
  if (due === undefined) return undefined;
  if (missed) {
    const message = `Missed scheduled time to start a job: ${new Date(due).toUTCString()}`;
    events.event(cronJob, "Warning", "MissSchedule", message);
    return undefined;
  }
  const running = activeJobs(context, cronJob);
  if (cronJob.spec.concurrencyPolicy === "Forbid" && running.length > 0) {
    const message =
      "Not starting job because prior execution is running and concurrency policy is Forbid";
    events.event(cronJob, "Normal", "JobAlreadyActive", message);
    return undefined;
  }
  if (cronJob.spec.concurrencyPolicy === "Replace") {
    for (const job of running) {
      await writer.delete(Kinds.Job, job, { propagationPolicy: "Background" });
      events.event(cronJob, "Normal", "SuccessfulDelete", `Deleted job ${job.metadata.name}`);
    }
  }
  await createJob(context, cronJob, due);
  return due;
}

async function createJob(
  { writer, events }: Context,
  cronJob: CronJob,
  due: number,
): Promise<void> {
  try {
    const job = await writer.create(Kinds.Job, jobDraft(cronJob, due));
    events.event(cronJob, "Normal", "SuccessfulCreate", `Created job ${job.metadata.name}`);
  } catch (error) {
    // It was made before the status could tell.
    if (isAlreadyExists(error)) return;
    const message = `Error creating job: ${(error as Error).message}`;
    events.event(cronJob, "Warning", "FailedCreate", message);
    throw error;
  }
}

async function writeStatus(
  context: Context,
  cronJob: CronJob,
  begun: number | undefined,
): Promise<void> {
  const status = statusOf(context, cronJob, begun);
  if (canonicalJson(status) === canonicalJson(cronJob.status ?? {})) return;
  const next = { ...cronJob, status };
  await context.writer.update(Kinds.CronJob, next, { subresource: "status" });
}

function statusOf(context: Context, cronJob: CronJob, begun: number | undefined): CronJobStatus {
  const { active: _before, ...status } = cronJob.status ?? {};
  const active = activeJobs(context, cronJob).map(referenceTo);
  const ends = jobsOf(context, cronJob).map(
    ({ status: { completionTime = "" } = {} }) => completionTime,
  );
  const lastSuccess = [status.lastSuccessfulTime ?? "", ...ends].toSorted().at(-1) ?? "";
  return {
    ...status,
    ...(active.length > 0 && { active }),
    ...(begun !== undefined && { lastScheduleTime: timestamp(begun) }),
    ...(lastSuccess !== "" && { lastSuccessfulTime: lastSuccess }),
  };
}

/** Without the Job's version: each of its writes would be one of the status, too. */
function referenceTo({ metadata }: Job): ObjectReference {
  const { name, namespace = "", uid = "" } = metadata;
  return { apiVersion: "batch/v1", kind: "Job", namespace, name, uid };
}

import { type Job, type JobStatus, Kinds, type Pod, selectorFromLabelSelector } from "@kubehop/api";
import { BY_CONTROLLER } from "../../caches.ts";
import { controllerOf, isDeleting, uidOf } from "../../owners.ts";
import { claimPods, followPodOwners, type PodOwner } from "../../pod-owners.ts";
import { canonicalJson } from "../../template-hash.ts";
import type { Context, Controller } from "../controller.ts";
import { announcedStatus, countedStatus, countPods } from "./counts.ts";
import { endOf, type JobPlan, type JobState, planJob, type Verdict, verdictOf } from "./plan.ts";
import { isTracked, podDraft, TRACKING_FINALIZER } from "./pods.ts";
import { decidedStatus } from "./status.ts";

const OWN_NAME = "kubernetes.io/job-controller";

const owner: PodOwner<Job> = {
  kind: Kinds.Job,
  selectorOf: ({ spec }) => selectorFromLabelSelector(spec.selector),
};

/** Runs pods until as many have ended well as a Job asks for, or too many have failed. */
export const jobController: Controller = {
  name: "job",
  workers: 5,
  build(context, queue) {
    const { caches } = context;
    followPodOwners(context, queue, owner);

    return async (key) => {
      const job = caches.Job.store.get(key);
      await releaseStrangers(context, key, job);
      if (job === undefined || isDeleting(job) || !isOurs(job)) return;
      if (endOf(job) !== undefined) {
        const wait = await removeWhenDue(context, job);
        if (wait !== undefined) queue.addAfter(key, wait);
        return;
      }
      await claimPods(context, owner, job);
      const counted = await count(context, job);
      const state = stateOf(context, counted);
      const verdict = verdictOf(state);
      const plan = planJob(state, verdict);
      await apply(context, state, plan);
      await writeDecision(context, counted, verdict);
      if (plan.againInMs !== undefined) queue.addAfter(key, plan.againInMs);
    };
  },
};

function isOurs({ spec }: Job): boolean {
  return (spec.managedBy ?? OWN_NAME) === OWN_NAME;
}

function podsOf({ caches }: Context, job: Job): readonly Pod[] {
  return caches.Pod.store.byIndex(BY_CONTROLLER, uidOf(job));
}

function stateOf(context: Context, job: Job): JobState {
  const pods = podsOf(context, job);
  return { job, pods, counts: countPods(job, pods), now: context.clock.now() };
}

/** Pods whose Job is gone, going or another one by now wait for nobody to count them. */
async function releaseStrangers(
  context: Context,
  key: string,
  job: Job | undefined,
): Promise<void> {
  const [namespace = "", name] = key.split("/");
  const isStranger = (pod: Pod): boolean => {
    const controller = controllerOf(pod);
    if (controller?.kind !== Kinds.Job.kind || controller.name !== name) return false;
    return job === undefined || isDeleting(job) || controller.uid !== job.metadata.uid;
  };
  const strangers = context.caches.Pod.store
    .list(namespace)
    .filter((pod) => isTracked(pod) && isStranger(pod));
  await release(context, strangers);
}

async function release({ writer }: Context, pods: readonly Pod[]): Promise<void> {
  await Promise.all(
    pods.map((pod) => {
      const left = (pod.metadata.finalizers ?? []).filter((one) => one !== TRACKING_FINALIZER);
      const { uid, resourceVersion } = pod.metadata;
      const metadata = { uid, resourceVersion, finalizers: left.length === 0 ? null : left };
      return writer.patch(Kinds.Pod, pod, { type: "merge", body: { metadata } });
    }),
  );
}

/** Brings the numbers of the status up to date; gives the Job with them. */
async function count(context: Context, job: Job): Promise<Job> {
  const counts = countPods(job, podsOf(context, job));
  const announced =
    counts.toRelease.length === 0
      ? job
      : await writeStatus(context, job, announcedStatus(job, counts));
  await release(context, counts.toRelease);
  const pods = podsOf(context, announced);
  const later = countPods(announced, pods);
  return writeStatus(context, announced, countedStatus(announced, later, pods));
}

async function apply(context: Context, { job }: JobState, plan: JobPlan): Promise<void> {
  const { writer, events } = context;
  if (!plan.countsDeleted) await release(context, plan.delete);
  for (const pod of plan.delete) {
    await writer.delete(Kinds.Pod, pod);
    events.event(job, "Normal", "SuccessfulDelete", `Deleted pod: ${pod.metadata.name}`);
  }
  for (const index of plan.create) {
    try {
      const pod = await writer.create(Kinds.Pod, podDraft(job, index));
      events.event(job, "Normal", "SuccessfulCreate", `Created pod: ${pod.metadata.name}`);
    } catch (error) {
      const message = `Error creating: ${(error as Error).message}`;
      events.event(job, "Warning", "FailedCreate", message);
      throw error;
    }
  }
}

async function writeDecision(
  context: Context,
  job: Job,
  verdict: Verdict | undefined,
): Promise<void> {
  const state = stateOf(context, job);
  const counted = countedStatus(job, state.counts, state.pods);
  const next = await writeStatus(context, job, decidedStatus(state, counted, verdict));
  const end = endOf(next);
  if (end === undefined) return;
  const isGood = end.type === "Complete";
  const { reason = "", message = "" } = end;
  context.events.event(
    job,
    isGood ? "Normal" : "Warning",
    isGood ? "Completed" : reason,
    isGood ? "Job completed" : message,
  );
}

async function writeStatus({ writer }: Context, job: Job, status: JobStatus): Promise<Job> {
  if (canonicalJson(status) === canonicalJson(job.status ?? {})) return job;
  return writer.update(Kinds.Job, { ...job, status }, { subresource: "status" });
}

/** Deletes an ended Job whose time to live is over; gives the ms it has left. */
async function removeWhenDue(context: Context, job: Job): Promise<number | undefined> {
  await release(context, podsOf(context, job).filter(isTracked));
  const { ttlSecondsAfterFinished } = job.spec;
  if (ttlSecondsAfterFinished === undefined) return undefined;
  const ended = Date.parse(endOf(job)?.lastTransitionTime ?? "") || 0;
  const left = ended + ttlSecondsAfterFinished * 1_000 - context.clock.now();
  if (left > 0) return left;
  await context.writer.delete(Kinds.Job, job, { propagationPolicy: "Foreground" });
  return undefined;
}

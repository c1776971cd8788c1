import { type Draft, type Job, Kinds, type Pod } from "@kubehop/api";
import { controllerReference, isDeleting } from "../../owners.ts";
import { podFromTemplate } from "../../pod-template.ts";
import { isActive } from "../../pods.ts";
import { INDEX_LABEL } from "./indexes.ts";

/** Keeps a pod until the Job's status has counted it (KEP-2307). */
export const TRACKING_FINALIZER = "batch.kubernetes.io/job-tracking";

/** First wait after a failed pod, ms; doubles with each failure in a row (upstream's default). */
const BACKOFF_MS = 10_000;
const MAX_BACKOFF_MS = 600_000;

/** Whether the controller still has to count the pod. */
export function isTracked({ metadata }: Pod): boolean {
  return (metadata.finalizers ?? []).includes(TRACKING_FINALIZER);
}

/** Whether the pod ended well. */
export function hasSucceeded(pod: Pod): boolean {
  return pod.status?.phase === "Succeeded";
}

/** Whether the pod failed: with podReplacementPolicy Failed one that only is about to end did not. */
export function hasFailed({ spec }: Job, pod: Pod): boolean {
  if (pod.status?.phase === "Failed") return true;
  const waits = spec.podReplacementPolicy === "Failed";
  return !waits && !hasSucceeded(pod) && isDeleting(pod);
}

/** The index of a pod of an Indexed Job; undefined when it has none that counts. */
export function indexOf({ metadata }: Pod, completions: number): number | undefined {
  const text = metadata.annotations?.[INDEX_LABEL] ?? "";
  const index = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
  return index < completions ? index : undefined;
}

/**
 * In how many ms new pods may begin: after failures in a row ten seconds, twenty, forty … after the
 * last of them ended. 0 when at once.
 */
export function backoffLeft(pods: readonly Pod[], now: number): number {
  const lastSuccess = Math.max(0, ...pods.filter(hasSucceeded).map(endOf));
  const failures = pods
    .filter((pod) => pod.status?.phase === "Failed")
    .map(endOf)
    .filter((end) => end > lastSuccess);
  if (failures.length === 0) return 0;
  const wait = Math.min(BACKOFF_MS * 2 ** (failures.length - 1), MAX_BACKOFF_MS);
  return Math.max(0, Math.max(...failures) + wait - now);
}

/** When the last container of a pod ended, unix ms. */
function endOf({ status, metadata }: Pod): number {
  const ends = (status?.containerStatuses ?? []).map(({ state }) =>
    Date.parse(state?.terminated?.finishedAt ?? ""),
  );
  const known = ends.filter((end) => !Number.isNaN(end));
  if (known.length > 0) return Math.max(...known);
  return Date.parse(metadata.deletionTimestamp ?? metadata.creationTimestamp ?? "") || 0;
}

/** Restarts of all containers of the pods that run. */
export function restartsOfAll(pods: readonly Pod[]): number {
  const statuses = pods
    .filter(isActive)
    .flatMap(({ status }) => [
      ...(status?.initContainerStatuses ?? []),
      ...(status?.containerStatuses ?? []),
    ]);
  return statuses.reduce((sum, { restartCount }) => sum + (restartCount ?? 0), 0);
}

/** A pod of the Job; with an index its name, host name and environment tell it. */
export function podDraft(job: Job, index?: number): Draft<Pod> {
  const { name, namespace = "" } = job.metadata;
  const isIndexed = index !== undefined;
  const draft = podFromTemplate(job.spec.template, {
    namespace,
    name: { startsWith: isIndexed ? `${name}-${index}-` : `${name}-` },
    owner: controllerReference(Kinds.Job, job),
    ...(isIndexed && { labels: { [INDEX_LABEL]: String(index) } }),
  });
  const { finalizers = [], annotations } = draft.metadata;
  const metadata = { ...draft.metadata, finalizers: [...finalizers, TRACKING_FINALIZER] };
  if (!isIndexed) return { ...draft, metadata };
  return {
    ...draft,
    metadata: { ...metadata, annotations: { ...annotations, [INDEX_LABEL]: String(index) } },
    spec: withIndex(draft.spec, `${name}-${index}`),
  };
}

function withIndex(spec: Pod["spec"], hostname: string): Pod["spec"] {
  const fieldPath = `metadata.annotations['${INDEX_LABEL}']`;
  const variable = { name: "JOB_COMPLETION_INDEX", valueFrom: { fieldRef: { fieldPath } } };
  const told = (container: Pod["spec"]["containers"][number]): typeof container => {
    const env = container.env ?? [];
    const isTold = env.some(({ name }) => name === variable.name);
    return isTold ? container : { ...container, env: [...env, variable] };
  };
  return {
    ...spec,
    hostname,
    containers: spec.containers.map(told),
    ...(spec.initContainers && { initContainers: spec.initContainers.map(told) }),
  };
}

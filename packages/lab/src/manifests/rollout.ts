import { text } from "node:stream/consumers";
import { type Kind, Kinds, type KubeObject, type Pod } from "@kubehop/api";
import type { RestClient } from "@kubehop/client/api-server";
import { LabError } from "../lab-error.ts";
import { isPodReady, whyNotReady } from "./pod-readiness.ts";
import { rolloutState, type RolloutState, type Workload } from "./rollout-state.ts";

const LOG_LINES = 5;
const LOG_TIMEOUT_MS = 2_000;

/** How to wait for workloads. */
export interface RolloutOptions {
  readonly rest: RestClient;
  /** What was applied; everything but Deployments and StatefulSets is passed over. */
  readonly objects: readonly KubeObject[];
  readonly signal: AbortSignal;
  /** What to do when it takes too long; ends the error's text. */
  readonly hint: string;
  onProgress(state: RolloutState): void;
}

/**
 * Waits until every Deployment and StatefulSet among the objects is complete. Throws LabError
 * that says which pods are not ready and why, when the signal aborts first.
 */
export async function waitForRollout(options: RolloutOptions): Promise<void> {
  const workloads = options.objects.filter(isWorkload);
  const missing = new Map(workloads.map((workload) => [workload.metadata.uid, workload]));
  await Promise.all(workloads.map((workload) => waitForOne(workload, options, missing)));
}

function isWorkload(object: KubeObject | Workload): object is Workload {
  return object.kind === "Deployment" || object.kind === "StatefulSet";
}

async function waitForOne(
  workload: Workload,
  options: RolloutOptions,
  missing: Map<string | undefined, Workload>,
): Promise<void> {
  try {
    for await (const state of followState(workload, options)) {
      options.onProgress(state);
      if (!state.complete) continue;
      missing.delete(workload.metadata.uid);
      return;
    }
  } catch (error) {
    if (!options.signal.aborted) throw error;
    throw await notReady(options, [...missing.values()]);
  }
}

/** A workload's states from now on; a watch that the server ends is begun again. */
async function* followState(
  workload: Workload,
  { rest, signal }: RolloutOptions,
): AsyncGenerator<RolloutState> {
  const { namespace = "", name } = workload.metadata;
  const kind = (workload.kind === "Deployment" ? Kinds.Deployment : Kinds.StatefulSet) as Kind;
  for (;;) {
    signal.throwIfAborted();
    const events = rest.watch(kind, { namespace, fieldSelector: `metadata.name=${name}`, signal });
    for await (const event of events) {
      if (event.type === "ADDED" || event.type === "MODIFIED") {
        yield rolloutState(event.object as unknown as Workload);
      }
    }
  }
}

async function notReady(
  { rest, hint }: RolloutOptions,
  workloads: readonly Workload[],
): Promise<LabError> {
  const reasons = await Promise.all(workloads.map((workload) => explain(rest, workload)));
  const lines = reasons.flat().map((line) => `  ${line}`);
  return new LabError(`Not everything became ready in time:\n${lines.join("\n")}`, hint);
}

async function explain(rest: RestClient, workload: Workload): Promise<string[]> {
  const { namespace = "", name } = workload.metadata;
  const { items } = await rest.list(Kinds.Pod, { namespace }).catch(() => ({ items: [] as Pod[] }));
  const own = items.filter((pod) => pod.metadata.name.startsWith(`${name}-`) && !isPodReady(pod));
  if (own.length === 0) return [`${workload.kind.toLowerCase()} ${namespace}/${name}: no pods yet`];
  return (await Promise.all(own.map((pod) => explainPod(rest, pod)))).flat();
}

/** A pod that ended says most itself: the last lines of its log. */
async function explainPod(rest: RestClient, pod: Pod): Promise<string[]> {
  const { namespace = "", name } = pod.metadata;
  const lines = await lastLogLines(rest, namespace, name).catch(() => []);
  return [`pod ${namespace}/${name}: ${whyNotReady(pod)}`, ...lines.map((line) => `    ${line}`)];
}

async function lastLogLines(rest: RestClient, namespace: string, name: string): Promise<string[]> {
  const { body } = await rest.request({
    method: "GET",
    path: `/api/v1/namespaces/${namespace}/pods/${name}/log?tailLines=${LOG_LINES}`,
    signal: AbortSignal.timeout(LOG_TIMEOUT_MS),
  });
  return (await text(body)).trimEnd().split("\n");
}

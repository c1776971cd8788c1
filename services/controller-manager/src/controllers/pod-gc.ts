import { isNotFound, Kinds, type Pod } from "@kubehop/api";
import { withCondition } from "../conditions.ts";
import { isDeleting } from "../owners.ts";
import { isTerminal } from "../pods.ts";
import { addPeriodically, type Context, type Controller } from "./controller.ts";

const PERIOD_MS = 20_000;
/** A node must be missing for so long before its pods are given up (upstream's quarantine). */
const QUARANTINE_MS = 40_000;
/** Ended pods beyond this are removed, oldest first (upstream's --terminated-pod-gc-threshold). */
const TERMINATED_THRESHOLD = 12_500;
const ALL = "all";

/** Removes pods that nobody else will: of nodes that are gone, never scheduled, long ended. */
export const podGarbageCollector: Controller = {
  name: "pod_garbage_collector",
  workers: 1,
  build(context, queue) {
    const missingSince = new Map<string, number>();
    addPeriodically(context, queue, { key: ALL, periodMs: PERIOD_MS });
    context.caches.Node.onChange(({ current }) => {
      if (current === undefined) queue.add(ALL);
    });

    return async () => {
      const pods = context.caches.Pod.store.list();
      const orphaned = await findOrphaned(context, pods, missingSince);
      for (const pod of orphaned) await fail(context, pod);
      const doomed = [...orphaned, ...neverScheduled(pods), ...surplus(pods)];
      for (const pod of new Set(doomed)) {
        await context.writer.delete(Kinds.Pod, pod, { gracePeriodSeconds: 0 });
      }
      const next = Math.min(...[...missingSince.values()].map((since) => since + QUARANTINE_MS));
      if (Number.isFinite(next)) queue.addAfter(ALL, Math.max(next - context.clock.now(), 1_000));
    };
  },
};

/** Pods of nodes that have been missing for the quarantine and that the API server misses too. */
async function findOrphaned(
  { caches, rest, clock }: Context,
  pods: readonly Pod[],
  missingSince: Map<string, number>,
): Promise<Pod[]> {
  const byNode = Map.groupBy(pods, (pod) => pod.spec.nodeName ?? "");
  byNode.delete("");
  const isMissing = (node: string): boolean => caches.Node.store.get(node) === undefined;
  for (const node of missingSince.keys()) {
    if (!byNode.has(node) || !isMissing(node)) missingSince.delete(node);
  }
  const orphaned: Pod[] = [];
  for (const [node, own] of byNode) {
    if (!isMissing(node)) continue;
    const since = missingSince.get(node) ?? clock.now();
    missingSince.set(node, since);
    if (clock.now() - since < QUARANTINE_MS) continue;
    const isThere = await rest.get(Kinds.Node, { name: node }).then(() => true, isNotThere);
    if (!isThere) orphaned.push(...own);
  }
  return orphaned;
}

function isNotThere(error: unknown): boolean {
  if (isNotFound(error)) return false;
  throw error;
}

/** Pods whose deletion was asked for before they got a node: no kubelet will end them. */
function neverScheduled(pods: readonly Pod[]): Pod[] {
  return pods.filter((pod) => isDeleting(pod) && !pod.spec.nodeName);
}

function surplus(pods: readonly Pod[]): Pod[] {
  const ended = pods.filter((pod) => isTerminal(pod) && !isDeleting(pod));
  const age = (pod: Pod): string => `${pod.metadata.creationTimestamp ?? ""} ${pod.metadata.name}`;
  const byAge = ended.toSorted((a, b) => (age(a) < age(b) ? -1 : 1));
  return byAge.slice(0, Math.max(0, ended.length - TERMINATED_THRESHOLD));
}

/** Its owner replaces a pod that failed; one that only vanishes leaves no trace. */
async function fail({ writer, clock }: Context, pod: Pod): Promise<void> {
  if (isTerminal(pod)) return;
  const conditions = withCondition(
    pod.status?.conditions,
    {
      type: "DisruptionTarget",
      status: "True",
      reason: "DeletionByPodGC",
      message: "PodGC: node no longer exists",
    },
    clock.now(),
  );
  const status = { ...pod.status, phase: "Failed" as const, conditions };
  await writer.update(Kinds.Pod, { ...pod, status }, { subresource: "status" });
}

import { type Binding, isNotFound, Kinds, namespacedName, type Node, type Pod } from "@kubehop/api";
import { BY_NODE } from "../../caches.ts";
import { findCondition, withCondition } from "../../conditions.ts";
import { isDeleting } from "../../owners.ts";
import { isTerminal } from "../../pods.ts";
import { canonicalJson } from "../../template-hash.ts";
import type { Context, Controller } from "../controller.ts";
import type { NodeState } from "./filter.ts";
import { schedule } from "./schedule.ts";

const SCHEDULER_NAME = "default-scheduler";
/** How long a binding may take to show in the cache. */
const BOUND_DEADLINE_MS = 5_000;

/** Assigns pods to nodes, one after the other: each decision sees all that went before. */
export const schedulerController: Controller = {
  name: "scheduler",
  workers: 1,
  build(context, queue) {
    const { caches } = context;
    const waiting = (): readonly Pod[] => caches.Pod.store.byIndex(BY_NODE, "").filter(isWaiting);
    const retryAll = (): void => {
      for (const pod of waiting()) queue.add(namespacedName(pod));
    };
    caches.Pod.onChange(({ key, previous, current }) => {
      if (current !== undefined && isWaiting(current)) queue.add(key);
      const leftNode = previous?.spec.nodeName && (current === undefined || isTerminal(current));
      if (leftNode) retryAll();
    });
    caches.Node.onChange(({ previous, current }) => {
      if (previous && current && schedulingPart(previous) === schedulingPart(current)) return;
      retryAll();
    });

    return async (key) => {
      const pod = caches.Pod.store.get(key);
      if (pod === undefined || !isWaiting(pod)) return;
      const decision = schedule(pod, nodeStates(context));
      if ("node" in decision) await bind(context, pod, decision.node);
      else await refuse(context, pod, decision.message);
    };
  },
};

function isWaiting(pod: Pod): boolean {
  const { nodeName, schedulerName = SCHEDULER_NAME, schedulingGates = [] } = pod.spec;
  const isOurs = schedulerName === SCHEDULER_NAME || schedulerName === "";
  return (
    !nodeName && isOurs && schedulingGates.length === 0 && !isDeleting(pod) && !isTerminal(pod)
  );
}

/** What of a node can make a pod fit that did not before. */
function schedulingPart({ metadata, spec, status }: Node): string {
  const ready = findCondition(status?.conditions, "Ready")?.status;
  return canonicalJson([metadata.labels, spec.taints, spec.unschedulable, ready]);
}

function nodeStates({ caches }: Context): NodeState[] {
  return caches.Node.store
    .list()
    .filter((node) => !isDeleting(node))
    .map((node) => ({ node, pods: caches.Pod.store.byIndex(BY_NODE, node.metadata.name) }));
}

async function bind(
  { rest, caches, events, signal }: Context,
  pod: Pod,
  node: string,
): Promise<void> {
  const { namespace = "", name, uid } = pod.metadata;
  const binding: Binding = {
    apiVersion: "v1",
    kind: "Binding",
    metadata: { name, namespace, ...(uid !== undefined && { uid }) },
    target: { apiVersion: "v1", kind: "Node", name: node },
  };
  const path = `/api/v1/namespaces/${namespace}/pods/${name}/binding`;
  try {
    const { body } = await rest.request({ method: "POST", path, body: binding, signal });
    body.resume();
  } catch (error) {
    if (isNotFound(error)) return;
    throw error;
  }
  const message = `Successfully assigned ${namespace}/${name} to ${node}`;
  events.event(pod, "Normal", "Scheduled", message);
  await seesBinding(caches.Pod, pod);
}

/** The next decision must count this pod. */
async function seesBinding(cache: Context["caches"]["Pod"], pod: Pod): Promise<void> {
  const key = namespacedName(pod);
  const isBound = (): boolean => {
    const cached = cache.store.get(key);
    return cached?.metadata.uid !== pod.metadata.uid || Boolean(cached?.spec.nodeName);
  };
  if (isBound()) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  using _change = cache.onChange(() => {
    if (isBound()) resolve();
  });
  const timer = setTimeout(resolve, BOUND_DEADLINE_MS);
  await promise;
  clearTimeout(timer);
}

async function refuse(
  { writer, events, clock }: Context,
  pod: Pod,
  message: string,
): Promise<void> {
  events.event(pod, "Warning", "FailedScheduling", message);
  const condition = {
    type: "PodScheduled",
    status: "False",
    reason: "Unschedulable",
    message,
  } as const;
  const before = pod.status?.conditions ?? [];
  const conditions = withCondition(before, condition, clock.now());
  if (canonicalJson(conditions) === canonicalJson(before)) return;
  const status = { ...pod.status, conditions };
  await writer.update(Kinds.Pod, { ...pod, status }, { subresource: "status" });
}

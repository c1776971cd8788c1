import { Kinds, type Node, type Pod } from "@kubehop/api";
import { BY_NODE } from "../../caches.ts";
import { withCondition } from "../../conditions.ts";
import { isReady } from "../../pods.ts";
import { canonicalJson } from "../../template-hash.ts";
import type { Context, Controller } from "../controller.ts";
import { planEvictions } from "./evictions.ts";
import { createHeartbeats } from "./heartbeats.ts";
import { readiness, unknownConditions, wantedTaints } from "./plan.ts";

/**
 * Notices nodes that went silent: their condition Ready becomes Unknown, their pods are no longer
 * ready, taints keep new pods away and, after their tolerations, send the old ones away.
 */
export const nodeLifecycleController: Controller = {
  name: "node_lifecycle_controller",
  workers: 4,
  build(context, queue) {
    const { caches, settings, signal, clock } = context;
    const heartbeats = createHeartbeats(context);
    caches.Node.onChange(({ key, current }) => {
      if (current !== undefined) queue.add(key);
    });
    caches.Pod.onChange(({ previous, current }) => {
      const node = current?.spec.nodeName;
      if (node && previous?.spec.nodeName !== node) queue.add(node);
    });
    const timer = setInterval(() => {
      for (const node of caches.Node.store.list()) queue.add(node.metadata.name);
    }, settings.nodeMonitorPeriodMs);
    signal.addEventListener("abort", () => clearInterval(timer), { once: true });

    return async (name) => {
      let node = caches.Node.store.get(name);
      if (node === undefined) return;
      const before = readiness(node);
      if (before !== "Unknown" && (await heartbeats.isSilent(node))) {
        node = await markUnknown(context, node);
      }
      node = await taint(context, node);
      const pods = caches.Pod.store.byIndex(BY_NODE, name);
      if (readiness(node) === "Unknown") await markPodsNotReady(context, pods);
      const next = await evict(context, node, pods);
      if (next !== undefined) queue.addAfter(name, Math.max(next - clock.now(), 1));
    };
  },
};

async function markUnknown({ writer, events, clock }: Context, node: Node): Promise<Node> {
  const { name } = node.metadata;
  const status = { ...node.status, conditions: unknownConditions(node, clock.now()) };
  const marked = await writer.update(Kinds.Node, { ...node, status }, { subresource: "status" });
  events.event(node, "Normal", "NodeNotReady", `Node ${name} status is now: NodeNotReady`);
  return marked;
}

async function taint({ writer, clock }: Context, node: Node): Promise<Node> {
  const taints = wantedTaints(node, clock.now());
  if (canonicalJson(taints) === canonicalJson(node.spec.taints ?? [])) return node;
  return writer.update(Kinds.Node, { ...node, spec: { ...node.spec, taints } });
}

/** Endpoints must not point to a node that nobody hears of; its kubelet corrects this if it lives. */
async function markPodsNotReady(
  { writer, events, clock }: Context,
  pods: readonly Pod[],
): Promise<void> {
  await Promise.all(
    pods.filter(isReady).map(async (pod) => {
      const notReady = { type: "Ready", status: "False" } as const;
      const conditions = withCondition(pod.status?.conditions, notReady, clock.now());
      const status = { ...pod.status, conditions };
      await writer.update(Kinds.Pod, { ...pod, status }, { subresource: "status" });
      events.event(pod, "Warning", "NodeNotReady", "Node is not ready");
    }),
  );
}

/**
 * Deletes the pods whose time on the node is over; gives when the next one's is. With no ready node
 * at all the fault is more likely ours, and nobody could take the pods anyway: nothing is evicted
 * (upstream's full disruption mode).
 */
async function evict(
  { caches, writer, events, clock }: Context,
  node: Node,
  pods: readonly Pod[],
): Promise<number | undefined> {
  const evictions = planEvictions(node, pods, clock.now());
  const isDisrupted = !caches.Node.store.list().some((one) => readiness(one) === "True");
  if (evictions.length === 0 || isDisrupted) return undefined;
  const due = evictions.filter(({ at }) => at <= clock.now());
  await Promise.all(
    due.map(async ({ pod }) => {
      const message = `Marking for deletion Pod ${pod.metadata.namespace}/${pod.metadata.name}`;
      events.event(pod, "Normal", "TaintManagerEviction", message);
      await writer.delete(Kinds.Pod, pod);
    }),
  );
  const later = evictions.map(({ at }) => at).filter((at) => at > clock.now());
  return later.length === 0 ? undefined : Math.min(...later);
}

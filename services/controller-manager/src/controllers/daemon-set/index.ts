import {
  CONTROLLER_REVISION_HASH_LABEL,
  type DaemonSet,
  type Draft,
  Kinds,
  namespacedName,
  type Node,
  type Pod,
  selectorFromLabelSelector,
} from "@kubehop/api";
import { BY_CONTROLLER } from "../../caches.ts";
import { controllerReference, isDeleting, uidOf } from "../../owners.ts";
import { claimPods, followPodOwners, nextAvailable, type PodOwner } from "../../pod-owners.ts";
import { podFromTemplate } from "../../pod-template.ts";
import { forgetRevisions, rememberRevision, updateRevision } from "../../revisions.ts";
import { canonicalJson, templateHash } from "../../template-hash.ts";
import type { Context, Controller } from "../controller.ts";
import { daemonPodSpec, specForNode } from "./nodes.ts";
import { type DaemonState, planDaemonSet } from "./plan.ts";
import { daemonSetStatus } from "./status.ts";

/** Pods created at a time. */
const BURST = 250;

const owner: PodOwner<DaemonSet> = {
  kind: Kinds.DaemonSet,
  selectorOf: ({ spec }) => selectorFromLabelSelector(spec.selector),
};

/** Keeps a pod on every node that fits; the scheduler binds each to the node it is made for. */
export const daemonSetController: Controller = {
  name: "daemonset",
  workers: 2,
  build(context, queue) {
    const { caches, clock } = context;
    followPodOwners(context, queue, owner);
    caches.Node.onChange(({ previous, current }) => {
      if (previous && current && fittingPart(previous) === fittingPart(current)) return;
      for (const daemonSet of caches.DaemonSet.store.list()) queue.add(namespacedName(daemonSet));
    });

    return async (key) => {
      const daemonSet = caches.DaemonSet.store.get(key);
      if (daemonSet === undefined) return;
      await claimPods(context, owner, daemonSet);
      if (!isDeleting(daemonSet)) await rememberRevision(context, daemonSet);
      const retryInMs = await apply(context, stateOf(context, daemonSet));
      const state = stateOf(context, daemonSet);
      await writeStatus(context, state);
      await forgetRevisions(context, daemonSet, revisionsInUse(state));
      const { minReadySeconds = 0 } = daemonSet.spec;
      const waits = [retryInMs, nextAvailable(state.pods, minReadySeconds, clock.now())];
      const wait = Math.min(...waits.filter((one) => one !== undefined));
      if (Number.isFinite(wait)) queue.addAfter(key, wait);
    };
  },
};

/** What of a node decides whether a DaemonSet's pod belongs there. */
function fittingPart({ metadata, spec }: Node): string {
  return canonicalJson([metadata.labels, spec.taints, spec.unschedulable]);
}

function stateOf({ caches, clock }: Context, daemonSet: DaemonSet): DaemonState {
  return {
    daemonSet,
    nodes: caches.Node.store.list().filter((node) => !isDeleting(node)),
    pods: caches.Pod.store.byIndex(BY_CONTROLLER, uidOf(daemonSet)),
    hash: templateHash(daemonSet.spec.template),
    now: clock.now(),
  };
}

function revisionsInUse({ daemonSet, pods }: DaemonState): Set<string> {
  const { name } = daemonSet.metadata;
  const hashes = pods.map(({ metadata }) => metadata.labels?.[CONTROLLER_REVISION_HASH_LABEL]);
  return new Set([updateRevision(daemonSet).name, ...hashes.map((hash) => `${name}-${hash}`)]);
}

/** Carries out the plan; gives the ms after which there is more to do. */
async function apply({ writer, events }: Context, state: DaemonState): Promise<number | undefined> {
  const { daemonSet } = state;
  const plan = planDaemonSet(state);
  for (const pod of plan.delete) {
    await writer.delete(Kinds.Pod, pod);
    const message = `Deleted pod: ${pod.metadata.name}`;
    events.event(daemonSet, "Normal", "SuccessfulDelete", message);
  }
  for (const node of plan.create.slice(0, BURST)) {
    try {
      const pod = await writer.create(Kinds.Pod, podDraft(state, node));
      const message = `Created pod: ${pod.metadata.name}`;
      events.event(daemonSet, "Normal", "SuccessfulCreate", message);
    } catch (error) {
      const message = `Error creating: ${(error as Error).message}`;
      events.event(daemonSet, "Warning", "FailedCreate", message);
      throw error;
    }
  }
  return plan.create.length > BURST ? 0 : plan.retryInMs;
}

function podDraft({ daemonSet, hash }: DaemonState, node: string): Draft<Pod> {
  const { name, namespace = "" } = daemonSet.metadata;
  const draft = podFromTemplate(daemonSet.spec.template, {
    namespace,
    name: { startsWith: `${name}-` },
    owner: controllerReference(Kinds.DaemonSet, daemonSet),
    labels: { [CONTROLLER_REVISION_HASH_LABEL]: hash },
  });
  return { ...draft, spec: specForNode(daemonPodSpec(daemonSet), node) };
}

async function writeStatus({ writer }: Context, state: DaemonState): Promise<void> {
  const { daemonSet } = state;
  const status = daemonSetStatus(state);
  const before = { updatedNumberScheduled: 0, numberAvailable: 0, numberUnavailable: 0 };
  if (canonicalJson(status) === canonicalJson({ ...before, ...daemonSet.status })) return;
  await writer.update(Kinds.DaemonSet, { ...daemonSet, status }, { subresource: "status" });
}

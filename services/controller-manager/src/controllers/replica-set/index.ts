import {
  type Condition,
  Kinds,
  labelSelectorMatches,
  type Pod,
  type ReplicaSet,
  type ReplicaSetStatus,
  selectorFromLabelSelector,
} from "@kubehop/api";
import { BY_CONTROLLER } from "../../caches.ts";
import { claimObjects, planClaim } from "../../claim.ts";
import { withCondition } from "../../conditions.ts";
import { enqueueController, enqueueSelf } from "../../enqueue.ts";
import { controllerReference, isDeleting, uidOf } from "../../owners.ts";
import { podFromTemplate } from "../../pod-template.ts";
import { availableIn, isActive } from "../../pods.ts";
import { slowStart } from "../../slow-start.ts";
import { canonicalJson } from "../../template-hash.ts";
import type { Context, Controller } from "../controller.ts";
import { planReplicas, replicaFailure, replicaSetStatus } from "./plan.ts";

/** Keeps as many pods of a template alive as a ReplicaSet asks for. */
export const replicaSetController: Controller = {
  name: "replicaset",
  workers: 5,
  build(context, queue) {
    const { caches, clock } = context;
    enqueueSelf(caches.ReplicaSet, queue);
    enqueueController(caches.Pod, queue, {
      kind: Kinds.ReplicaSet,
      candidates: (pod) =>
        caches.ReplicaSet.store.list(pod.metadata.namespace).filter((replicaSet) => {
          const selector = selectorFromLabelSelector(replicaSet.spec.selector);
          return labelSelectorMatches(selector, pod.metadata.labels);
        }),
    });

    return async (key) => {
      const replicaSet = caches.ReplicaSet.store.get(key);
      if (replicaSet === undefined) return;
      const owned = await claimPods(context, replicaSet);
      const failure = await scale(context, replicaSet, owned);
      // The cache shows what scale did, so count again.
      const pods = caches.Pod.store.byIndex(BY_CONTROLLER, uidOf(replicaSet)).filter(isActive);
      await writeStatus(context, replicaSet, pods, failure);
      const wait = nextAvailable(pods, replicaSet.spec.minReadySeconds ?? 0, clock.now());
      if (wait !== undefined) queue.addAfter(key, wait);
      if (failure !== undefined) throw failure.error;
    };
  },
};

function claimPods({ caches, writer }: Context, replicaSet: ReplicaSet): Promise<Pod[]> {
  const selector = selectorFromLabelSelector(replicaSet.spec.selector);
  const pods = caches.Pod.store.list(replicaSet.metadata.namespace).filter(isActive);
  const claim = planClaim(replicaSet, selector, pods);
  const owner = { kind: Kinds.ReplicaSet, object: replicaSet };
  return claimObjects(writer, owner, claim, Kinds.Pod);
}

interface Failure {
  readonly error: unknown;
}

/** Creates or deletes pods; gives what stopped it, for the status to tell. */
async function scale(
  { writer, events }: Context,
  replicaSet: ReplicaSet,
  pods: readonly Pod[],
): Promise<Failure | undefined> {
  if (isDeleting(replicaSet)) return undefined;
  const plan = planReplicas(replicaSet.spec.replicas ?? 1, pods);
  const { namespace = "", name } = replicaSet.metadata;
  const draft = podFromTemplate(replicaSet.spec.template, {
    namespace,
    name: { startsWith: `${name}-` },
    owner: controllerReference(Kinds.ReplicaSet, replicaSet),
  });
  try {
    await slowStart(plan.create, async () => {
      const pod = await writer.create(Kinds.Pod, draft);
      const message = `Created pod: ${pod.metadata.name}`;
      events.event(replicaSet, "Normal", "SuccessfulCreate", message);
    });
    await Promise.all(
      plan.delete.map(async (pod) => {
        await writer.delete(Kinds.Pod, pod);
        const message = `Deleted pod: ${pod.metadata.name}`;
        events.event(replicaSet, "Normal", "SuccessfulDelete", message);
      }),
    );
    return undefined;
  } catch (error) {
    const message = `Error creating: ${(error as Error).message}`;
    if (plan.create > 0) events.event(replicaSet, "Warning", "FailedCreate", message);
    return { error };
  }
}

async function writeStatus(
  { writer, clock }: Context,
  replicaSet: ReplicaSet,
  pods: readonly Pod[],
  failure: Failure | undefined,
): Promise<void> {
  const conditions = conditionsAfter(replicaSet, failure, clock.now());
  const status: ReplicaSetStatus = {
    ...replicaSetStatus(replicaSet, pods, clock.now()),
    ...(conditions.length > 0 && { conditions }),
  };
  if (canonicalJson(status) === canonicalJson(comparable(replicaSet.status))) return;
  await writer.update(Kinds.ReplicaSet, { ...replicaSet, status }, { subresource: "status" });
}

function conditionsAfter(
  { status }: ReplicaSet,
  failure: Failure | undefined,
  now: number,
): Condition[] {
  if (failure !== undefined) {
    return withCondition(status?.conditions, replicaFailure(failure.error), now);
  }
  return (status?.conditions ?? []).filter((condition) => condition.type !== "ReplicaFailure");
}

/** Zero and absent mean the same in a status. */
function comparable(status: ReplicaSetStatus | undefined): object {
  return {
    fullyLabeledReplicas: 0,
    readyReplicas: 0,
    availableReplicas: 0,
    ...status,
  };
}

/** In how many ms the next ready pod becomes available. */
function nextAvailable(
  pods: readonly Pod[],
  minReadySeconds: number,
  now: number,
): number | undefined {
  const waits = pods.map((pod) => availableIn(pod, minReadySeconds, now) ?? 0);
  const open = waits.filter((wait) => wait > 0);
  return open.length === 0 ? undefined : Math.min(...open);
}

import {
  type Condition,
  type Kind,
  Kinds,
  type KubeObject,
  type Pod,
  type ReplicaSetStatus,
  selectorFromLabelSelector,
  selectorFromMap,
} from "@kubehop/api";
import { BY_CONTROLLER, cacheOf } from "../../caches.ts";
import { withCondition } from "../../conditions.ts";
import { controllerReference, isDeleting, uidOf } from "../../owners.ts";
import { claimPods, followPodOwners, nextAvailable, type PodOwner } from "../../pod-owners.ts";
import { podFromTemplate } from "../../pod-template.ts";
import { isActive } from "../../pods.ts";
import { slowStart } from "../../slow-start.ts";
import { canonicalJson } from "../../template-hash.ts";
import type { Context, Controller } from "../controller.ts";
import { planReplicas, type ReplicaOwner, replicaFailure, replicaSetStatus } from "./plan.ts";

/** Keeps as many pods of a template alive as a ReplicaSet asks for. */
export const replicaSetController: Controller = createController("replicaset", {
  kind: Kinds.ReplicaSet,
  selectorOf: ({ spec }) => selectorFromLabelSelector(spec.selector),
});

/** The same for ReplicationControllers, whose selector is a map of labels. */
export const replicationController: Controller = createController("replicationController", {
  kind: Kinds.ReplicationController,
  selectorOf: ({ spec }) => selectorFromMap(spec.selector),
});

function createController<T extends ReplicaOwner & KubeObject>(
  name: string,
  owner: PodOwner<T>,
): Controller {
  return {
    name,
    workers: 5,
    build(context, queue) {
      const { caches, clock } = context;
      const objects = cacheOf(caches, owner.kind).store;
      followPodOwners(context, queue, owner);

      return async (key) => {
        const object = objects.get(key);
        if (object === undefined) return;
        const owned = await claimPods(context, owner, object, isActive);
        const failure = await scale(context, owner.kind, object, owned);
        // The cache shows what scale did, so count again.
        const pods = caches.Pod.store.byIndex(BY_CONTROLLER, uidOf(object)).filter(isActive);
        await writeStatus(context, owner.kind, { object, pods, failure });
        const wait = nextAvailable(pods, object.spec.minReadySeconds ?? 0, clock.now());
        if (wait !== undefined) queue.addAfter(key, wait);
        if (failure !== undefined) throw failure.error;
      };
    },
  };
}

interface Failure {
  readonly error: unknown;
}

/** Creates or deletes pods; gives what stopped it, for the status to tell. */
async function scale<T extends ReplicaOwner & KubeObject>(
  { writer, events }: Context,
  kind: Kind<T>,
  replicaSet: T,
  pods: readonly Pod[],
): Promise<Failure | undefined> {
  if (isDeleting(replicaSet)) return undefined;
  const plan = planReplicas(replicaSet.spec.replicas ?? 1, pods);
  const { namespace = "", name } = replicaSet.metadata;
  const draft = podFromTemplate(replicaSet.spec.template, {
    namespace,
    name: { startsWith: `${name}-` },
    owner: controllerReference(kind, replicaSet),
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

async function writeStatus<T extends ReplicaOwner & KubeObject>(
  { writer, clock }: Context,
  kind: Kind<T>,
  { object, pods, failure }: { object: T; pods: readonly Pod[]; failure: Failure | undefined },
): Promise<void> {
  const conditions = conditionsAfter(object, failure, clock.now());
  const status: ReplicaSetStatus = {
    ...replicaSetStatus(object, pods, clock.now()),
    ...(conditions.length > 0 && { conditions }),
  };
  if (canonicalJson(status) === canonicalJson(comparable(object.status))) return;
  await writer.update(kind, { ...object, status }, { subresource: "status" });
}

function conditionsAfter(
  { status }: ReplicaOwner,
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

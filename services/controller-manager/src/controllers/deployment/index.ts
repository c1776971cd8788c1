import {
  type Deployment,
  type DeploymentStatus,
  type Draft,
  isAlreadyExists,
  Kinds,
  labelSelectorMatches,
  type ReplicaSet,
  REVISION_ANNOTATION,
  selectorFromLabelSelector,
} from "@kubehop/api";
import { BY_CONTROLLER } from "../../caches.ts";
import { claimObjects, planClaim } from "../../claim.ts";
import { timestamp, withCondition } from "../../conditions.ts";
import { enqueueController, enqueueSelf } from "../../enqueue.ts";
import { controllerOf, isDeleting, uidOf } from "../../owners.ts";
import { isTerminal } from "../../pods.ts";
import { canonicalJson } from "../../template-hash.ts";
import type { Context, Controller } from "../controller.ts";
import { rolloutLimits, type RolloutLimits } from "./limits.ts";
import {
  findGenerations,
  nextRevision,
  outdatedReplicaSets,
  replicaSetAnnotations,
  replicaSetDraft,
  sizeAnnotations,
} from "./revisions.ts";
import {
  type Generations,
  isScalingEvent,
  planRecreate,
  planRollingUpdate,
  planScale,
  type ScalePlan,
  wanted,
} from "./scaling.ts";
import { deploymentStatus, progressDeadlineIn } from "./status.ts";

/** Replaces the pods of a Deployment step by step when its template changes. */
export const deploymentController: Controller = {
  name: "deployment",
  workers: 5,
  build(context, queue) {
    const { caches, clock } = context;
    enqueueSelf(caches.Deployment, queue);
    enqueueController(caches.ReplicaSet, queue, {
      kind: Kinds.Deployment,
      candidates: ({ metadata }) =>
        caches.Deployment.store.list(metadata.namespace).filter((deployment) => {
          const selector = selectorFromLabelSelector(deployment.spec.selector);
          return labelSelectorMatches(selector, metadata.labels);
        }),
    });
    // Recreate waits for the last pod of the old ReplicaSets to be gone.
    caches.Pod.onChange(({ previous, current }) => {
      const owner = previous && controllerOf(previous);
      if (current !== undefined || owner?.kind !== Kinds.ReplicaSet.kind) return;
      const key = `${previous?.metadata.namespace}/${owner.name}`;
      const replicaSet = caches.ReplicaSet.store.get(key);
      const deployment = replicaSet && controllerOf(replicaSet);
      if (deployment !== undefined) queue.add(`${previous?.metadata.namespace}/${deployment.name}`);
    });

    return async (key) => {
      const deployment = caches.Deployment.store.get(key);
      if (deployment === undefined) return;
      const generations = await reconcile(context, deployment);
      // The reconcile may have written conditions; what it acted on is still this generation.
      const latest = caches.Deployment.store.get(key)?.status;
      const acted = { ...deployment, ...(latest && { status: latest }) };
      const status = deploymentStatus(acted, generations, clock.now());
      await writeStatus(context, deployment, status);
      const wait = progressDeadlineIn(deployment, status, clock.now());
      if (wait !== undefined) queue.addAfter(key, Math.max(wait, 1_000));
    };
  },
};

async function reconcile(context: Context, deployment: Deployment): Promise<Generations> {
  let generations = findGenerations(deployment, await claimReplicaSets(context, deployment));
  if (isDeleting(deployment)) return generations;
  const limits = rolloutLimits(deployment);
  if (deployment.spec.paused === true || isScalingEvent(generations, limits.replicas)) {
    await applyScale(context, deployment, planScale(generations, limits), limits);
    return reread(context, deployment);
  }
  if (generations.current === undefined && mayCreate(context, deployment, generations)) {
    await createReplicaSet(context, deployment, generations, limits);
    generations = reread(context, deployment);
  }
  await annotate(context, deployment, generations, limits);
  generations = reread(context, deployment);
  await applyScale(context, deployment, planNext(context, deployment, generations), limits);
  for (const outdated of outdatedReplicaSets(deployment, generations.old)) {
    await context.writer.delete(Kinds.ReplicaSet, outdated);
  }
  return reread(context, deployment);
}

async function claimReplicaSets(
  { caches, writer }: Context,
  deployment: Deployment,
): Promise<ReplicaSet[]> {
  const selector = selectorFromLabelSelector(deployment.spec.selector);
  const candidates = caches.ReplicaSet.store.list(deployment.metadata.namespace);
  const claim = planClaim(deployment, selector, candidates);
  const owner = { kind: Kinds.Deployment, object: deployment };
  return claimObjects(writer, owner, claim, Kinds.ReplicaSet);
}

/** The cache shows what the writer wrote. */
function reread({ caches }: Context, deployment: Deployment): Generations {
  const owned = caches.ReplicaSet.store.byIndex(BY_CONTROLLER, uidOf(deployment));
  return findGenerations(deployment, owned);
}

function planNext(context: Context, deployment: Deployment, generations: Generations): ScalePlan {
  const limits = rolloutLimits(deployment);
  if (deployment.spec.strategy?.type !== "Recreate") return planRollingUpdate(generations, limits);
  return planRecreate(generations, limits, oldPodsGone(context, generations));
}

/** With Recreate the new ReplicaSet is not even made while old pods live. */
function mayCreate(context: Context, { spec }: Deployment, generations: Generations): boolean {
  if (spec.strategy?.type !== "Recreate") return true;
  const isShrunk = generations.old.every((set) => wanted(set) === 0);
  return isShrunk && oldPodsGone(context, generations);
}

function oldPodsGone({ caches }: Context, { old }: Generations): boolean {
  const pods = old.flatMap((set) => caches.Pod.store.byIndex(BY_CONTROLLER, uidOf(set)));
  return pods.every(isTerminal);
}

async function createReplicaSet(
  context: Context,
  deployment: Deployment,
  generations: Generations,
  limits: RolloutLimits,
): Promise<void> {
  const { writer, events, clock } = context;
  const revision = nextRevision(generations);
  const annotations = replicaSetAnnotations(deployment, {}, { revision, limits });
  const draft = replicaSetDraft(deployment, annotations, 0);
  try {
    await writer.create(Kinds.ReplicaSet, draft);
  } catch (error) {
    if (!isAlreadyExists(error) || (await isOurs(context, deployment, draft))) throw error;
    // Another template, or somebody else's object, has this hash: take another one.
    const collisionCount = (deployment.status?.collisionCount ?? 0) + 1;
    await writeStatus(context, deployment, { ...deployment.status, collisionCount });
    throw error;
  }
  const message = `Created new replica set "${draft.metadata.name}"`;
  events.event(deployment, "Normal", "NewReplicaSetCreated", message);
  const progress = {
    type: "Progressing",
    status: "True",
    reason: "NewReplicaSetCreated",
    message,
    lastUpdateTime: timestamp(clock.now()),
  } as const;
  const conditions = withCondition(deployment.status?.conditions, progress, clock.now());
  await writeStatus(context, deployment, { ...deployment.status, conditions });
}

/** Whether the object of that name is the one we wanted to make: an answer to us got lost. */
async function isOurs(
  { rest }: Context,
  deployment: Deployment,
  { metadata }: Draft<ReplicaSet>,
): Promise<boolean> {
  const ref = { name: metadata.name ?? "", namespace: metadata.namespace };
  const existing = await rest.get(Kinds.ReplicaSet, ref);
  const isControlled = controllerOf(existing)?.uid === deployment.metadata.uid;
  return isControlled && findGenerations(deployment, [existing]).current !== undefined;
}

/** Keeps the revision and the Deployment's annotations on its present ReplicaSet, and on itself. */
async function annotate(
  { writer }: Context,
  deployment: Deployment,
  generations: Generations,
  limits: RolloutLimits,
): Promise<void> {
  const { current } = generations;
  if (current === undefined) return;
  const revision = nextRevision(generations);
  const existing = current.metadata.annotations ?? {};
  const annotations = replicaSetAnnotations(deployment, existing, { revision, limits });
  const { minReadySeconds = 0 } = deployment.spec;
  const isAnnotated = canonicalJson(annotations) === canonicalJson(existing);
  if (!isAnnotated || (current.spec.minReadySeconds ?? 0) !== minReadySeconds) {
    const body = { metadata: { annotations }, spec: { minReadySeconds } };
    await writer.patch(Kinds.ReplicaSet, current, { type: "merge", body });
  }
  if (deployment.metadata.annotations?.[REVISION_ANNOTATION] === String(revision)) return;
  const body = { metadata: { annotations: { [REVISION_ANNOTATION]: String(revision) } } };
  await writer.patch(Kinds.Deployment, deployment, { type: "merge", body });
}

async function applyScale(
  { writer, events }: Context,
  deployment: Deployment,
  plan: ScalePlan,
  limits: RolloutLimits,
): Promise<void> {
  const annotations = sizeAnnotations(limits);
  for (const [set, replicas] of plan) {
    const from = wanted(set);
    if (from === replicas && hasAnnotations(set, annotations)) continue;
    const { resourceVersion, name } = set.metadata;
    const body = { metadata: { annotations, resourceVersion }, spec: { replicas } };
    await writer.patch(Kinds.ReplicaSet, set, { type: "merge", body });
    if (from === replicas) continue;
    const direction = replicas > from ? "up" : "down";
    const message = `Scaled ${direction} replica set ${name} from ${from} to ${replicas}`;
    events.event(deployment, "Normal", "ScalingReplicaSet", message);
  }
}

function hasAnnotations(set: ReplicaSet, annotations: Record<string, string>): boolean {
  return Object.entries(annotations).every(
    ([name, value]) => set.metadata.annotations?.[name] === value,
  );
}

/** Writes the status if it says something new; the object may be newer than ours by now. */
async function writeStatus(
  { writer, caches }: Context,
  deployment: Deployment,
  status: DeploymentStatus,
): Promise<void> {
  const key = `${deployment.metadata.namespace}/${deployment.metadata.name}`;
  const latest = caches.Deployment.store.get(key);
  if (latest === undefined || latest.metadata.uid !== deployment.metadata.uid) return;
  if (canonicalJson({ ...latest.status, ...status }) === canonicalJson(latest.status ?? {})) return;
  await writer.update(Kinds.Deployment, { ...latest, status }, { subresource: "status" });
}

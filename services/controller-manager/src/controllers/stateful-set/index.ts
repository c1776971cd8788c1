import {
  type ControllerRevision,
  CONTROLLER_REVISION_HASH_LABEL,
  type Draft,
  isAlreadyExists,
  Kinds,
  labelSelectorMatches,
  type Pod,
  POD_INDEX_LABEL,
  selectorFromLabelSelector,
  type StatefulSet,
  STATEFULSET_POD_NAME_LABEL,
} from "@kubehop/api";
import { BY_CONTROLLER } from "../../caches.ts";
import { claimObjects, planClaim } from "../../claim.ts";
import { enqueueController, enqueueSelf } from "../../enqueue.ts";
import { controllerReference, isDeleting, uidOf } from "../../owners.ts";
import { podFromTemplate } from "../../pod-template.ts";
import { availableIn } from "../../pods.ts";
import { canonicalJson } from "../../template-hash.ts";
import type { Context, Controller } from "../controller.ts";
import {
  ordinalOf,
  type PlannedPod,
  planStatefulSet,
  revisionNameOf,
  type StatefulSetState,
} from "./plan.ts";
import {
  currentRevision,
  highestRevision,
  outdatedRevisions,
  revisionDraft,
  updateRevision,
} from "./revisions.ts";
import { statefulSetStatus } from "./status.ts";

/** Keeps pods with stable names for StatefulSets; names are what makes duplicates impossible. */
export const statefulSetController: Controller = {
  name: "statefulset",
  workers: 5,
  build(context, queue) {
    const { caches, clock } = context;
    enqueueSelf(caches.StatefulSet, queue);
    enqueueController(caches.Pod, queue, {
      kind: Kinds.StatefulSet,
      candidates: (pod) =>
        caches.StatefulSet.store.list(pod.metadata.namespace).filter((statefulSet) => {
          const selector = selectorFromLabelSelector(statefulSet.spec.selector);
          return labelSelectorMatches(selector, pod.metadata.labels);
        }),
    });

    return async (key) => {
      const statefulSet = caches.StatefulSet.store.get(key);
      if (statefulSet === undefined) return;
      await claimPods(context, statefulSet);
      if (!isDeleting(statefulSet)) await rememberRevision(context, statefulSet);
      await apply(context, stateOf(context, statefulSet));
      const state = stateOf(context, statefulSet);
      await writeStatus(context, state);
      await forgetRevisions(context, state);
      const { minReadySeconds = 0 } = statefulSet.spec;
      const waits = state.pods
        .map((pod) => availableIn(pod, minReadySeconds, clock.now()) ?? 0)
        .filter((wait) => wait > 0);
      if (waits.length > 0) queue.addAfter(key, Math.min(...waits));
    };
  },
};

/** Adopts pods of its naming that match; others are not its own. */
async function claimPods({ caches, writer }: Context, statefulSet: StatefulSet): Promise<void> {
  const { namespace, name } = statefulSet.metadata;
  const selector = selectorFromLabelSelector(statefulSet.spec.selector);
  const named = caches.Pod.store
    .list(namespace)
    .filter((pod) => ordinalOf(name, pod.metadata.name) !== undefined);
  const claim = planClaim(statefulSet, selector, named);
  const owner = { kind: Kinds.StatefulSet, object: statefulSet };
  await claimObjects(writer, owner, claim, Kinds.Pod);
}

function revisionsOf({ caches }: Context, owner: StatefulSet): readonly ControllerRevision[] {
  return caches.ControllerRevision.store.byIndex(BY_CONTROLLER, uidOf(owner));
}

function stateOf(context: Context, statefulSet: StatefulSet): StatefulSetState {
  const { caches, clock } = context;
  const pods = caches.Pod.store.byIndex(BY_CONTROLLER, uidOf(statefulSet));
  const update = updateRevision(statefulSet);
  const current = currentRevision(statefulSet, revisionsOf(context, statefulSet), update);
  return { statefulSet, pods, current, update, now: clock.now() };
}

/** Records the present template; one that was had before becomes the newest again. */
async function rememberRevision(context: Context, statefulSet: StatefulSet): Promise<void> {
  const { writer } = context;
  const revisions = revisionsOf(context, statefulSet);
  const update = updateRevision(statefulSet);
  const known = revisions.find(({ metadata }) => metadata.name === update.name);
  const highest = highestRevision(revisions);
  if (known === undefined) {
    const draft = revisionDraft(statefulSet, update, highest + 1);
    await writer.create(Kinds.ControllerRevision, draft).catch((error: unknown) => {
      if (!isAlreadyExists(error)) throw error;
    });
  } else if (known.revision < highest) {
    const body = { revision: highest + 1 };
    await writer.patch(Kinds.ControllerRevision, known, { type: "merge", body });
  }
}

async function forgetRevisions(context: Context, state: StatefulSetState): Promise<void> {
  const { statefulSet, pods, current, update } = state;
  const inUse = new Set([
    current.name,
    update.name,
    ...pods.map((pod) => revisionNameOf(pod) ?? ""),
  ]);
  const outdated = outdatedRevisions(statefulSet, revisionsOf(context, statefulSet), inUse);
  for (const revision of outdated) {
    await context.writer.delete(Kinds.ControllerRevision, revision);
  }
}

async function apply({ writer, events }: Context, state: StatefulSetState): Promise<void> {
  const { statefulSet } = state;
  const plan = planStatefulSet(state);
  const { name: owner } = statefulSet.metadata;
  for (const planned of plan.create) {
    const draft = podDraft(statefulSet, planned);
    const { name } = draft.metadata;
    try {
      await writer.create(Kinds.Pod, draft);
    } catch (error) {
      const message = `create Pod ${name} in StatefulSet ${owner} failed error: ${(error as Error).message}`;
      events.event(statefulSet, "Warning", "FailedCreate", message);
      throw error;
    }
    const message = `create Pod ${name} in StatefulSet ${owner} successful`;
    events.event(statefulSet, "Normal", "SuccessfulCreate", message);
  }
  for (const pod of plan.delete) {
    await writer.delete(Kinds.Pod, pod);
    const message = `delete Pod ${pod.metadata.name} in StatefulSet ${owner} successful`;
    events.event(statefulSet, "Normal", "SuccessfulDelete", message);
  }
}

/** The pod of an ordinal: its name is its host name, its domain is the governing Service. */
function podDraft(statefulSet: StatefulSet, { ordinal, revision }: PlannedPod): Draft<Pod> {
  const { name: owner, namespace = "" } = statefulSet.metadata;
  const name = `${owner}-${ordinal}`;
  const draft = podFromTemplate(revision.template, {
    namespace,
    name: { exactly: name },
    owner: controllerReference(Kinds.StatefulSet, statefulSet),
    labels: {
      [STATEFULSET_POD_NAME_LABEL]: name,
      [POD_INDEX_LABEL]: String(ordinal),
      [CONTROLLER_REVISION_HASH_LABEL]: revision.name,
    },
  });
  const { serviceName } = statefulSet.spec;
  const subdomain = serviceName ? { subdomain: serviceName } : {};
  return { ...draft, spec: { ...draft.spec, hostname: name, ...subdomain } };
}

async function writeStatus({ writer }: Context, state: StatefulSetState): Promise<void> {
  const { statefulSet } = state;
  const status = statefulSetStatus(state);
  if (canonicalJson({ ...statefulSet.status, ...status }) === canonicalJson(statefulSet.status))
    return;
  await writer.update(Kinds.StatefulSet, { ...statefulSet, status }, { subresource: "status" });
}

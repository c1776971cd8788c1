import {
  CONTROLLER_REVISION_HASH_LABEL,
  type Draft,
  Kinds,
  type Pod,
  POD_INDEX_LABEL,
  selectorFromLabelSelector,
  type StatefulSet,
  STATEFULSET_POD_NAME_LABEL,
} from "@kubehop/api";
import { BY_CONTROLLER } from "../../caches.ts";
import { controllerReference, isDeleting, uidOf } from "../../owners.ts";
import { claimPods, followPodOwners, nextAvailable, type PodOwner } from "../../pod-owners.ts";
import { podFromTemplate } from "../../pod-template.ts";
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
  forgetRevisions,
  rememberRevision,
  revisionsOf,
  updateRevision,
} from "../../revisions.ts";
import { statefulSetStatus } from "./status.ts";

const owner: PodOwner<StatefulSet> = {
  kind: Kinds.StatefulSet,
  selectorOf: ({ spec }) => selectorFromLabelSelector(spec.selector),
};

/** Keeps pods with stable names for StatefulSets; names are what makes duplicates impossible. */
export const statefulSetController: Controller = {
  name: "statefulset",
  workers: 5,
  build(context, queue) {
    const { caches, clock } = context;
    followPodOwners(context, queue, owner);

    return async (key) => {
      const statefulSet = caches.StatefulSet.store.get(key);
      if (statefulSet === undefined) return;
      const { name } = statefulSet.metadata;
      // Pods of another naming are not its own, whatever their labels are.
      const isNamed = (pod: Pod): boolean => ordinalOf(name, pod.metadata.name) !== undefined;
      await claimPods(context, owner, statefulSet, isNamed);
      if (!isDeleting(statefulSet)) await rememberRevision(context, statefulSet);
      await apply(context, stateOf(context, statefulSet));
      const state = stateOf(context, statefulSet);
      await writeStatus(context, state);
      const names = [state.current.name, state.update.name, ...state.pods.map(revisionNameOf)];
      await forgetRevisions(context, statefulSet, new Set(names.map((one) => one ?? "")));
      const { minReadySeconds = 0 } = statefulSet.spec;
      const wait = nextAvailable(state.pods, minReadySeconds, clock.now());
      if (wait !== undefined) queue.addAfter(key, wait);
    };
  },
};

function stateOf(context: Context, statefulSet: StatefulSet): StatefulSetState {
  const { caches, clock } = context;
  const pods = caches.Pod.store.byIndex(BY_CONTROLLER, uidOf(statefulSet));
  const update = updateRevision(statefulSet);
  const current = currentRevision(statefulSet, revisionsOf(context, statefulSet), update);
  return { statefulSet, pods, current, update, now: clock.now() };
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

import {
  type Deployment,
  type Draft,
  Kinds,
  POD_TEMPLATE_HASH_LABEL,
  type PodTemplateSpec,
  type ReplicaSet,
  REVISION_ANNOTATION,
} from "@kubehop/api";
import { controllerReference, isDeleting } from "../../owners.ts";
import { canonicalJson, templateHash } from "../../template-hash.ts";
import type { RolloutLimits } from "./limits.ts";
import {
  DESIRED_REPLICAS_ANNOTATION,
  type Generations,
  MAX_REPLICAS_ANNOTATION,
  wanted,
} from "./scaling.ts";

/** Annotations that belong to one object alone and are not handed from Deployment to ReplicaSet. */
const OWN_ANNOTATIONS: ReadonlySet<string> = new Set([
  "kubectl.kubernetes.io/last-applied-configuration",
  REVISION_ANNOTATION,
  "deployment.kubernetes.io/revision-history",
  DESIRED_REPLICAS_ANNOTATION,
  MAX_REPLICAS_ANNOTATION,
]);

/** Sorts a Deployment's ReplicaSets into the one of its present template and the others. */
export function findGenerations(
  deployment: Deployment,
  replicaSets: readonly ReplicaSet[],
): Generations {
  const byAge = replicaSets.toSorted((a, b) => (ageKey(a) < ageKey(b) ? -1 : 1));
  const template = comparableTemplate(deployment.spec.template);
  const current = byAge.find((set) => comparableTemplate(set.spec.template) === template);
  return { current, old: byAge.filter((set) => set !== current) };
}

/** The number of a ReplicaSet's rollout; 0 when it has none. */
export function revisionOf({ metadata }: Pick<ReplicaSet, "metadata">): number {
  return Number(metadata.annotations?.[REVISION_ANNOTATION] ?? 0) || 0;
}

/** The number that the present rollout has to have: the highest, when it is not already. */
export function nextRevision({ current, old }: Generations): number {
  const highestOld = Math.max(0, ...old.map(revisionOf));
  const own = current === undefined ? 0 : revisionOf(current);
  return own > highestOld ? own : highestOld + 1;
}

/** The annotations of the present ReplicaSet: the Deployment's, its revision and its size. */
export function replicaSetAnnotations(
  deployment: Deployment,
  existing: Readonly<Record<string, string>>,
  { revision, limits }: { readonly revision: number; readonly limits: RolloutLimits },
): Record<string, string> {
  const inherited = Object.entries(deployment.metadata.annotations ?? {}).filter(
    ([name]) => !OWN_ANNOTATIONS.has(name),
  );
  return {
    ...existing,
    ...Object.fromEntries(inherited),
    ...sizeAnnotations(limits),
    [REVISION_ANNOTATION]: String(revision),
  };
}

/** What a ReplicaSet remembers of the Deployment's size. */
export function sizeAnnotations(limits: RolloutLimits): Record<string, string> {
  return {
    [DESIRED_REPLICAS_ANNOTATION]: String(limits.replicas),
    [MAX_REPLICAS_ANNOTATION]: String(limits.replicas + limits.maxSurge),
  };
}

/**
 * A ReplicaSet for the Deployment's present template. Its name follows from the template, so that
 * creating it twice is impossible.
 */
export function replicaSetDraft(
  deployment: Deployment,
  annotations: Record<string, string>,
  replicas: number,
): Draft<ReplicaSet> {
  const { template, selector, minReadySeconds } = deployment.spec;
  const hash = templateHash(template, deployment.status?.collisionCount ?? 0);
  const { name, namespace = "" } = deployment.metadata;
  const labels = { ...template.metadata?.labels, [POD_TEMPLATE_HASH_LABEL]: hash };
  return {
    apiVersion: "apps/v1",
    kind: "ReplicaSet",
    metadata: {
      name: `${name}-${hash}`,
      namespace,
      labels,
      annotations,
      ownerReferences: [controllerReference(Kinds.Deployment, deployment)],
    },
    spec: {
      replicas,
      ...(minReadySeconds !== undefined && { minReadySeconds }),
      selector: {
        ...selector,
        matchLabels: { ...selector.matchLabels, [POD_TEMPLATE_HASH_LABEL]: hash },
      },
      template: { ...template, metadata: { ...template.metadata, labels } },
    },
  };
}

/** Old, empty ReplicaSets beyond the history that the Deployment keeps; oldest rollout first. */
export function outdatedReplicaSets(
  { spec }: Deployment,
  old: readonly ReplicaSet[],
): readonly ReplicaSet[] {
  const limit = spec.revisionHistoryLimit ?? 10;
  const removable = old.filter((set) => isEmpty(set) && !isDeleting(set));
  const surplus = Math.max(0, old.length - limit);
  return removable.toSorted((a, b) => revisionOf(a) - revisionOf(b)).slice(0, surplus);
}

function isEmpty(set: ReplicaSet): boolean {
  const isObserved = (set.status?.observedGeneration ?? 0) >= (set.metadata.generation ?? 0);
  return isObserved && wanted(set) === 0 && (set.status?.replicas ?? 0) === 0;
}

function ageKey({ metadata }: ReplicaSet): string {
  return `${metadata.creationTimestamp ?? ""} ${metadata.name}`;
}

/** Two templates are the same but for the label that tells their ReplicaSets apart. */
function comparableTemplate(template: PodTemplateSpec): string {
  const { [POD_TEMPLATE_HASH_LABEL]: _hash, ...labels } = template.metadata?.labels ?? {};
  return canonicalJson({ ...template, metadata: { ...template.metadata, labels } });
}

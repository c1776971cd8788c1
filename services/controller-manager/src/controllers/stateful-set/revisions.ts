import {
  type ControllerRevision,
  type Draft,
  Kinds,
  type PodTemplateSpec,
  type StatefulSet,
} from "@kubehop/api";
import { controllerReference } from "../../owners.ts";
import { canonicalJson, templateHash } from "../../template-hash.ts";

/** A pod template that a StatefulSet has or had. */
export interface Revision {
  /** The ControllerRevision's name; pods carry it as label controller-revision-hash. */
  readonly name: string;
  readonly template: PodTemplateSpec;
}

/** The revision of the StatefulSet's present template: its name follows from the template. */
export function updateRevision({ metadata, spec }: StatefulSet): Revision {
  const { template } = spec;
  return { name: `${metadata.name}-${templateHash(template)}`, template };
}

/**
 * The revision the pods had before the present rollout, as the status remembers it; the present one
 * when there is none, or when its template is lost.
 */
export function currentRevision(
  { status }: StatefulSet,
  revisions: readonly ControllerRevision[],
  update: Revision,
): Revision {
  const remembered = revisions.find(({ metadata }) => metadata.name === status?.currentRevision);
  const template = remembered && templateOf(remembered);
  return remembered === undefined || template === undefined
    ? update
    : { name: remembered.metadata.name, template };
}

/** The record of a revision, in the form that `kubectl rollout undo` applies as a patch. */
export function revisionDraft(
  statefulSet: StatefulSet,
  revision: Revision,
  number: number,
): Draft<ControllerRevision> {
  const { namespace = "" } = statefulSet.metadata;
  return {
    apiVersion: "apps/v1",
    kind: "ControllerRevision",
    metadata: {
      name: revision.name,
      namespace,
      labels: { ...revision.template.metadata?.labels },
      ownerReferences: [controllerReference(Kinds.StatefulSet, statefulSet)],
    },
    data: { spec: { template: { ...revision.template, $patch: "replace" } } },
    revision: number,
  };
}

/** The highest number among revisions; 0 when there is none. */
export function highestRevision(revisions: readonly ControllerRevision[]): number {
  return Math.max(0, ...revisions.map(({ revision }) => revision));
}

/** Records that nobody needs: not in use, and beyond the history limit; oldest first. */
export function outdatedRevisions(
  { spec }: StatefulSet,
  revisions: readonly ControllerRevision[],
  inUse: ReadonlySet<string>,
): readonly ControllerRevision[] {
  const unused = revisions.filter(({ metadata }) => !inUse.has(metadata.name));
  const surplus = Math.max(0, unused.length - (spec.revisionHistoryLimit ?? 10));
  return unused.toSorted((a, b) => a.revision - b.revision).slice(0, surplus);
}

function templateOf({ data }: ControllerRevision): PodTemplateSpec | undefined {
  const patch = data as { spec?: { template?: PodTemplateSpec & { $patch?: string } } } | undefined;
  const template = patch?.spec?.template;
  if (template === undefined) return undefined;
  const { $patch: _directive, ...rest } = template;
  return JSON.parse(canonicalJson(rest)) as PodTemplateSpec;
}

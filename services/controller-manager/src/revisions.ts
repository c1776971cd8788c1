import {
  type ControllerRevision,
  type DaemonSet,
  type Draft,
  isAlreadyExists,
  type Kind,
  Kinds,
  type PodTemplateSpec,
  type StatefulSet,
} from "@kubehop/api";
import { BY_CONTROLLER } from "./caches.ts";
import type { Context } from "./controllers/controller.ts";
import { controllerReference, uidOf } from "./owners.ts";
import { canonicalJson, templateHash } from "./template-hash.ts";

/** Whoever remembers its templates as ControllerRevisions. */
export type RevisionOwner = Pick<StatefulSet | DaemonSet, "kind" | "metadata"> & {
  readonly spec: { readonly template: PodTemplateSpec; readonly revisionHistoryLimit?: number };
};

/** A pod template that an object has or had. */
export interface Revision {
  /** The ControllerRevision's name. */
  readonly name: string;
  readonly template: PodTemplateSpec;
}

/** The revision of the owner's present template: its name follows from the template. */
export function updateRevision({ metadata, spec }: RevisionOwner): Revision {
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

/** The revisions of an owner that are remembered. */
export function revisionsOf(
  { caches }: Context,
  owner: RevisionOwner,
): readonly ControllerRevision[] {
  return caches.ControllerRevision.store.byIndex(BY_CONTROLLER, uidOf(owner));
}

/** Records the present template; one that was had before becomes the newest again. */
export async function rememberRevision(context: Context, owner: RevisionOwner): Promise<void> {
  const { writer } = context;
  const revisions = revisionsOf(context, owner);
  const update = updateRevision(owner);
  const known = revisions.find(({ metadata }) => metadata.name === update.name);
  const highest = highestRevision(revisions);
  if (known === undefined) {
    const draft = revisionDraft(owner, update, highest + 1);
    await writer.create(Kinds.ControllerRevision, draft).catch((error: unknown) => {
      if (!isAlreadyExists(error)) throw error;
    });
  } else if (known.revision < highest) {
    const body = { revision: highest + 1 };
    await writer.patch(Kinds.ControllerRevision, known, { type: "merge", body });
  }
}

/** Deletes records that nobody needs; `inUse` names those that pods still have. */
export async function forgetRevisions(
  context: Context,
  owner: RevisionOwner,
  inUse: ReadonlySet<string>,
): Promise<void> {
  for (const revision of outdatedRevisions(owner, revisionsOf(context, owner), inUse)) {
    await context.writer.delete(Kinds.ControllerRevision, revision);
  }
}

/** The record of a revision, in the form that `kubectl rollout undo` applies as a patch. */
function revisionDraft(
  owner: RevisionOwner,
  revision: Revision,
  number: number,
): Draft<ControllerRevision> {
  const { namespace = "" } = owner.metadata;
  const kind = Kinds[owner.kind as "StatefulSet" | "DaemonSet"] as Kind;
  return {
    apiVersion: "apps/v1",
    kind: "ControllerRevision",
    metadata: {
      name: revision.name,
      namespace,
      labels: { ...revision.template.metadata?.labels },
      ownerReferences: [controllerReference(kind, owner)],
    },
    data: { spec: { template: { ...revision.template, $patch: "replace" } } },
    revision: number,
  };
}

/** The highest number among revisions; 0 when there is none. */
function highestRevision(revisions: readonly ControllerRevision[]): number {
  return Math.max(0, ...revisions.map(({ revision }) => revision));
}

/** Not in use, and beyond the history limit; oldest first. */
function outdatedRevisions(
  { spec }: RevisionOwner,
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

import {
  type ClusterRole,
  type ClusterRoleBinding,
  isAlreadyExists,
  type Kind,
  Kinds,
  type KubeObject,
  registryKey,
  type Subject,
} from "@kubehop/api";
import { isDeepStrictEqual } from "node:util";
import { uncoveredRules } from "../../auth/rbac/rules.ts";
import { createObject } from "../../resources/create.ts";
import { deleteObject } from "../../resources/delete.ts";
import { SERVER } from "../../resources/field-ownership.ts";
import type { Resources } from "../../resources/resources.ts";
import { updateObject } from "../../resources/update.ts";
import { AUTO_UPDATE, defaultClusterRoleBindings, defaultClusterRoles } from "./roles.ts";

/**
 * Makes the default roles and bindings exist with at least what they must have, as a start of
 * kube-apiserver does: what is missing is added, what others added stays. An object whose annotation
 * `rbac.authorization.kubernetes.io/autoupdate` is "false" is left alone.
 */
export async function reconcileRoles(resources: Resources): Promise<void> {
  await Promise.all([
    ...defaultClusterRoles().map((role) =>
      reconcile(resources, Kinds.ClusterRole as Kind, role, (current) =>
        completedRole(current, role),
      ),
    ),
    ...defaultClusterRoleBindings().map((binding) => reconcileBinding(resources, binding)),
  ]);
}

async function reconcileBinding(resources: Resources, wanted: ClusterRoleBinding): Promise<void> {
  const kind = Kinds.ClusterRoleBinding as Kind;
  const { name } = wanted.metadata;
  const current = resources.cache.get(registryKey(kind, { name }))?.object;
  // The role a binding gives can't be changed: another one needs another binding.
  const isOther =
    current !== undefined &&
    isManaged(current) &&
    !isDeepStrictEqual(current["roleRef"], wanted.roleRef);
  if (isOther) await deleteObject(resources, { kind, name }, { dryRun: false, preconditions: {} });
  await reconcile(resources, kind, wanted, (object) =>
    completedBinding(object as ClusterRoleBinding, wanted),
  );
}

async function reconcile(
  resources: Resources,
  kind: Kind,
  wanted: KubeObject,
  complete: (current: KubeObject) => KubeObject,
): Promise<void> {
  const { name } = wanted.metadata;
  const writing = { dryRun: false, writer: SERVER };
  if (resources.cache.get(registryKey(kind, { name })) === undefined) {
    try {
      await createObject(resources, { kind }, structuredClone(wanted), writing);
      return;
    } catch (error) {
      // Another API server was faster.
      if (!isAlreadyExists(error)) throw error;
    }
  }
  const apply = (current: KubeObject): KubeObject =>
    isManaged(current) ? complete(current) : current;
  await updateObject(resources, { target: { kind, name }, part: "object", ...writing, apply });
}

function isManaged({ metadata }: KubeObject): boolean {
  return metadata.annotations?.[AUTO_UPDATE] !== "false";
}

/** The role with the rules it lacks. */
export function completedRole(current: ClusterRole, wanted: ClusterRole): ClusterRole {
  const { rules = [], aggregationRule } = wanted;
  const base = { ...current, metadata: completedMetadata(current, wanted) };
  if (aggregationRule !== undefined) return { ...base, aggregationRule };
  const missing = rules.filter((rule) => uncoveredRules(current.rules ?? [], [rule]).length > 0);
  return { ...base, rules: [...(current.rules ?? []), ...missing] };
}

/** The binding with the subjects it lacks. */
export function completedBinding(
  current: ClusterRoleBinding,
  { subjects: wanted = [], metadata, ...rest }: ClusterRoleBinding,
): ClusterRoleBinding {
  const subjects = current.subjects ?? [];
  const isThere = (subject: Subject): boolean =>
    subjects.some((one) => isDeepStrictEqual(one, subject));
  return {
    ...current,
    metadata: completedMetadata(current, { metadata, ...rest }),
    subjects: [...subjects, ...wanted.filter((subject) => !isThere(subject))],
  };
}

function completedMetadata(current: KubeObject, { metadata }: KubeObject): KubeObject["metadata"] {
  return {
    ...current.metadata,
    labels: { ...current.metadata.labels, ...metadata.labels },
    annotations: { ...metadata.annotations, ...current.metadata.annotations },
  };
}

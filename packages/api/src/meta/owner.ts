import { apiVersionOf } from "../kinds/kind.ts";
import type { Kind } from "../kinds/kind.ts";
import type { ObjectMeta, OwnerReference } from "./object-meta.ts";

/** The reference of the controller that manages an object; undefined when there is none. */
export function controllerOf(object: { metadata: ObjectMeta }): OwnerReference | undefined {
  return object.metadata.ownerReferences?.find((reference) => reference.controller === true);
}

/** Whether `owner` (by UID) is among the owners of an object. */
export function isOwnedBy(
  object: { metadata: ObjectMeta },
  owner: { metadata: ObjectMeta },
): boolean {
  const { uid } = owner.metadata;
  return object.metadata.ownerReferences?.some((one) => one.uid === uid) ?? false;
}

/** A reference that makes `owner` the controller of another object. */
export function ownerReferenceTo(
  kind: Pick<Kind, "group" | "version" | "kind">,
  owner: { metadata: ObjectMeta },
): OwnerReference {
  return {
    apiVersion: apiVersionOf(kind),
    kind: kind.kind,
    name: owner.metadata.name,
    uid: owner.metadata.uid ?? "",
    controller: true,
    blockOwnerDeletion: true,
  };
}

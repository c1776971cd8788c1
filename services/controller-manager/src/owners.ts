import { apiVersionOf, type Kind, type KubeObject, type OwnerReference } from "@kubehop/api";

type Owned = Pick<KubeObject, "metadata">;

/** The owner that controls an object. */
export function controllerOf(object: Owned): OwnerReference | undefined {
  return object.metadata.ownerReferences?.find((owner) => owner.controller === true);
}

/** The reference that makes `owner` the controller of what carries it. */
export function controllerReference(kind: Kind, owner: Owned): OwnerReference {
  return {
    apiVersion: apiVersionOf(kind),
    kind: kind.kind,
    name: owner.metadata.name,
    uid: uidOf(owner),
    controller: true,
    blockOwnerDeletion: true,
  };
}

/** The uid of a stored object: the API server gives each one. */
export function uidOf(object: Owned): string {
  const { uid, name } = object.metadata;
  if (uid === undefined) throw new Error(`${name} has no uid`);
  return uid;
}

/** Whether somebody asked for the object's deletion. */
export function isDeleting(object: Owned): boolean {
  return object.metadata.deletionTimestamp !== undefined;
}

import { type Kind, type KubeObject, labelSelectorMatches, type Selector } from "@kubehop/api";
import { controllerOf, controllerReference, isDeleting, uidOf } from "./owners.ts";
import type { Writer } from "./writer.ts";

/** Which of some objects belong to an owner, and what is to change about that. */
export interface Claim<T> {
  /** Controlled by the owner already, and matching its selector. */
  readonly owned: readonly T[];
  /** Matching, but controlled by nobody. */
  readonly adopt: readonly T[];
  /** Controlled by the owner, but not matching any more. */
  readonly release: readonly T[];
}

/**
 * Sorts objects of the owner's namespace by whether they are its own (upstream's
 * ControllerRefManager): an owner being deleted adopts nothing, an object being deleted is neither
 * adopted nor released.
 */
export function planClaim<T extends KubeObject>(
  owner: KubeObject,
  selector: Selector,
  objects: readonly T[],
): Claim<T> {
  const claim = { owned: [] as T[], adopt: [] as T[], release: [] as T[] };
  const uid = uidOf(owner);
  for (const object of objects) {
    const controller = controllerOf(object);
    const matches = labelSelectorMatches(selector, object.metadata.labels);
    if (controller !== undefined) {
      if (controller.uid !== uid) continue;
      if (matches) claim.owned.push(object);
      else if (!isDeleting(object)) claim.release.push(object);
    } else if (matches && !isDeleting(object) && !isDeleting(owner)) {
      claim.adopt.push(object);
    }
  }
  return claim;
}

/** Carries out a claim and gives all that belongs to the owner afterwards. */
export async function claimObjects<T extends KubeObject>(
  writer: Writer,
  owner: { readonly kind: Kind; readonly object: KubeObject },
  claim: Claim<T>,
  kind: Kind<T>,
): Promise<T[]> {
  const uid = uidOf(owner.object);
  const adopted = await Promise.all(
    claim.adopt.map((object) => {
      const others = object.metadata.ownerReferences ?? [];
      const ownerReferences = [...others, controllerReference(owner.kind, owner.object)];
      return writer.patch(kind, object, ownersPatch(object, ownerReferences));
    }),
  );
  await Promise.all(
    claim.release.map((object) => {
      const others = object.metadata.ownerReferences?.filter((other) => other.uid !== uid) ?? [];
      return writer.patch(kind, object, ownersPatch(object, others));
    }),
  );
  return [...claim.owned, ...adopted];
}

/** Fails with a conflict when the object is not the one we saw any more. */
function ownersPatch(
  { metadata }: KubeObject,
  ownerReferences: readonly object[],
): { readonly type: "merge"; readonly body: object } {
  const { uid, resourceVersion } = metadata;
  return { type: "merge", body: { metadata: { uid, resourceVersion, ownerReferences } } };
}

import { badRequest, type Kind, type KubeObject, registryKey } from "@kubehop/api";

/** The object, or the collection when there is no name, that a request is about. */
export interface Target {
  readonly kind: Kind;
  readonly namespace?: string;
  readonly name?: string;
}

/** The registry key of a target's object. */
export function keyOf(target: Target, name: string): string {
  const { kind, namespace } = target;
  return registryKey(kind, { ...(namespace !== undefined && { namespace }), name });
}

/** Takes namespace and name from the URL into a body that lacks them; throws 400 when they differ. */
export function matchTarget(target: Target, object: KubeObject): void {
  const { metadata } = object;
  const namespace = target.namespace ?? "";
  if ((metadata.namespace ?? "") === "" && namespace !== "") metadata.namespace = namespace;
  if ((metadata.namespace ?? "") !== namespace) {
    throw badRequest(
      "the namespace of the provided object does not match the namespace sent on the request",
    );
  }
  if (namespace === "") delete metadata.namespace;
  if (target.name === undefined) return;
  if ((metadata.name ?? "") === "") metadata.name = target.name;
  if (metadata.name !== target.name) {
    throw badRequest(
      `the name of the object (${metadata.name}) does not match the name on the URL ` +
        `(${target.name})`,
    );
  }
}

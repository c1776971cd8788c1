import type { Kind } from "../kinds/kind.ts";
import type { KubeObject } from "../meta/object-meta.ts";
import { badRequest, statusError } from "../status/status-error.ts";
import { applyJsonPatch } from "./json-patch.ts";
import { applyMergePatch, isObject } from "./merge-patch.ts";
import { applyStrategicMergePatch } from "./strategic-merge.ts";

/** Media types of patches that applyPatch understands. */
export const PATCH_TYPES = {
  json: "application/json-patch+json",
  merge: "application/merge-patch+json",
  strategic: "application/strategic-merge-patch+json",
} as const;

/** A patch request. */
export interface PatchRequest<T extends KubeObject = KubeObject> {
  /** Media type, without parameters. */
  readonly contentType: string;
  /** Its schema holds the merge keys of strategic merge. */
  readonly kind: Pick<Kind, "schema">;
  readonly object: T;
  /** The parsed body. */
  readonly patch: unknown;
}

/**
 * The object after a patch; the object itself is not changed. The result is raw JSON: decode it
 * before use.
 * @throws StatusError 400 for a malformed patch, 422 for one that cannot be applied, 415 for an
 * unknown content type.
 */
export function applyPatch(request: PatchRequest): unknown {
  const { contentType, kind, object, patch } = request;
  if (contentType === PATCH_TYPES.json) return applyJsonPatch<unknown>(object, patch);
  if (contentType !== PATCH_TYPES.merge && contentType !== PATCH_TYPES.strategic) {
    const accepted = Object.values(PATCH_TYPES).join(", ");
    const message =
      "the body of the request was in an unknown format - accepted media types include: " +
      accepted;
    throw statusError(415, "UnsupportedMediaType", message);
  }
  if (!isObject(patch)) {
    throw badRequest("error decoding patch: the patch must be a JSON object");
  }
  if (contentType === PATCH_TYPES.merge) return applyMergePatch(object, patch);
  return applyStrategicMergePatch(object, patch, kind.schema);
}

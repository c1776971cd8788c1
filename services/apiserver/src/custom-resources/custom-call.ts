import { type Kind, PATCH_TYPES, statusError, unsupportedMediaType } from "@kubehop/api";
import type { FastifyReply, FastifyRequest } from "fastify";
import { APPLY_TYPE, mediaTypeOf } from "../http/body.ts";
import { addWarnings } from "../http/warnings.ts";
import type { ResourceRequest } from "../http/request-info.ts";
import { customTraits } from "./custom-kind.ts";

/**
 * What is particular to a request for objects of a custom kind: a deprecated version warns,
 * strategic merge patches are 415, and nothing is created while the definition is being deleted
 * (405, upstream's text).
 */
export function checkCustomCall(
  kind: Kind,
  { verb }: ResourceRequest,
  { request, reply }: { readonly request: FastifyRequest; readonly reply: FastifyReply },
): void {
  const traits = customTraits(kind);
  if (traits === undefined) return;
  if (traits.deprecation !== undefined) addWarnings(reply, [traits.deprecation]);
  const contentType = mediaTypeOf(request.headers["content-type"]);
  if (verb === "patch" && contentType === PATCH_TYPES.strategic) {
    throw unsupportedMediaType([PATCH_TYPES.json, PATCH_TYPES.merge, APPLY_TYPE]);
  }
  if (traits.terminating && verb === "create") {
    const why = "create not allowed while custom resource definition is terminating";
    throw statusError(405, "MethodNotAllowed", why, { kind: kind.plural, group: kind.group });
  }
}

import {
  applyPatch,
  type Decodable,
  type Decoded,
  decodeObject,
  invalid,
  invalidValue,
  type KubeObject,
  PATCH_TYPES,
  StatusError,
} from "@kubehop/api";
import type { FastifyReply } from "fastify";
import { APPLY_TYPE, decodeJson, mediaTypeOf, requireBody } from "../http/body.ts";
import { jsonProblems } from "../http/duplicate-problems.ts";
import { goText } from "../http/go-text.ts";
import { addWarnings } from "../http/warnings.ts";
import { parseWriteOptions, type WriteOptions } from "../http/write-options.ts";
import type { Resources } from "../resources/resources.ts";
import type { Part } from "../resources/update.ts";
import { applyToObject } from "./apply.ts";
import { bodyOf, type Call, unknownField, writerOf } from "./call.ts";
import { answerUpdated } from "./write.ts";

/** PATCH of an object or of its status: JSON, merge or strategic merge patch, or apply. */
export async function patch(
  resources: Resources,
  call: Call,
  part: Part = "object",
): Promise<FastifyReply> {
  const { kind, query, request } = call;
  const contentType = mediaTypeOf(request.headers["content-type"]);
  if (contentType === APPLY_TYPE) return applyToObject(resources, call, part);
  const options = parseWriteOptions(query, "PatchOptions");
  const { dryRun } = options;
  const apply = patcherOf(call, kind, options);
  return answerUpdated(resources, call, { part, dryRun, writer: writerOf(call, options), apply });
}

/** The change that a call's patch asks for, of objects of a kind. Throws 400, 413, 415 or 422. */
export function patcherOf<T extends KubeObject>(
  { request, reply }: Pick<Call, "request" | "reply">,
  kind: Decodable<T>,
  { fieldValidation }: Pick<WriteOptions, "fieldValidation">,
): (current: T) => T {
  const contentType = mediaTypeOf(request.headers["content-type"]);
  const body = requireBody(bodyOf({ request }));
  const patch = decodeJson(body);
  const prefix = contentType === PATCH_TYPES.json ? "json patch " : "";
  const duplicates =
    fieldValidation === "Ignore" ? [] : jsonProblems(body).map((problem) => prefix + problem);
  return (object) => {
    const value = applyPatch({ contentType, kind, object, patch });
    const told = (): string =>
      contentType === PATCH_TYPES.strategic ? goText(patch) : JSON.stringify(value);
    const decoded = decodePatched(kind, value, told);
    const problems = [...duplicates, ...decoded.unknown.map(unknownField)];
    if (problems.length === 0 || fieldValidation === "Ignore") return decoded.object;
    if (fieldValidation === "Strict") {
      throw refused(told(), `strict decoding error: ${problems.join(", ")}`);
    }
    addWarnings(reply, problems);
    return decoded.object;
  };
}

/** Decodes what a patch has made: a value of the wrong type is the patch's fault (422). */
function decodePatched<T extends KubeObject>(
  kind: Decodable<T>,
  value: unknown,
  told: () => string,
): Decoded<T> {
  try {
    return decodeObject(kind, value);
  } catch (error) {
    const marker = `cannot be handled as a ${kind.kind}: json: `;
    const at = error instanceof StatusError ? error.message.indexOf(marker) : -1;
    if (at < 0) throw error;
    throw refused(told(), (error as StatusError).message.slice(at + marker.length - 6));
  }
}

/** 422 as upstream has it for a patched object that can't be decoded (handlers/patch.go). */
function refused(patched: string, why: string): StatusError {
  return invalid({ group: "", kind: "" }, "", [invalidValue("patch", patched, why)]);
}

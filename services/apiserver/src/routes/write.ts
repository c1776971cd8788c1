import { applyPatch, isNotFound, type KubeObject, methodNotAllowed } from "@kubehop/api";
import type { FastifyReply } from "fastify";
import { sendEntry } from "../http/answer.ts";
import { decodeJson, mediaTypeOf, requireBody } from "../http/body.ts";
import { addWarnings } from "../http/warnings.ts";
import { parseWriteOptions, type WriteOptions } from "../http/write-options.ts";
import { createObject } from "../resources/create.ts";
import type { Resources } from "../resources/resources.ts";
import type { Entry } from "../storage/entry.ts";
import { type Part, updateObject } from "../resources/update.ts";
import { bodyOf, type Call, decodeChecked, objectOf, viewOf } from "./call.ts";
import { namedTarget } from "./read.ts";

/** POST to a collection: 201 with the stored object. */
export async function create(resources: Resources, call: Call): Promise<FastifyReply> {
  const { kind, target, query, reply } = call;
  const everywhere = kind.namespaced && target.namespace === undefined;
  if (target.name !== undefined || everywhere) throw methodNotAllowed();
  const options = parseWriteOptions(query, "CreateOptions");
  const view = viewOf(call);
  const object = objectOf(call, kind, options.fieldValidation);
  const entry = await createObject(resources, target, object, options);
  warn(resources, call, entry);
  return sendEntry(reply.code(201), kind, entry, view);
}

/** PUT of an object or of its status; for some kinds a missing object is created (201). */
export async function update(
  resources: Resources,
  call: Call,
  part: Part = "object",
): Promise<FastifyReply> {
  const { kind, query, reply } = call;
  const target = namedTarget(call);
  const options = parseWriteOptions(query, "UpdateOptions");
  const view = viewOf(call);
  const object = objectOf(call, kind, options.fieldValidation);
  try {
    const apply = (): KubeObject => structuredClone(object);
    const { dryRun } = options;
    const entry = await updateObject(resources, { target, part, dryRun, apply });
    warn(resources, call, entry);
    return await sendEntry(reply, kind, entry, view);
  } catch (error) {
    const creates = part === "object" && resources.strategyOf(kind).createOnUpdate;
    if (!creates || !isNotFound(error)) throw error;
    const entry = await createObject(resources, target, object, options);
    warn(resources, call, entry);
    return sendEntry(reply.code(201), kind, entry, view);
  }
}

/** PATCH of an object or of its status: JSON patch, merge patch or strategic merge patch. */
export async function patch(
  resources: Resources,
  call: Call,
  part: Part = "object",
): Promise<FastifyReply> {
  const { kind, query, reply } = call;
  const target = namedTarget(call);
  const options = parseWriteOptions(query, "PatchOptions");
  const view = viewOf(call);
  const apply = patcherOf(call, options);
  const { dryRun } = options;
  const entry = await updateObject(resources, { target, part, dryRun, apply });
  warn(resources, call, entry);
  return sendEntry(reply, kind, entry, view);
}

/** Tells what was accepted but is not wise. */
function warn(resources: Resources, { kind, reply }: Call, { object }: Entry): void {
  addWarnings(reply, resources.strategyOf(kind).warnings(object));
}

/** The change that a call's patch asks for. */
function patcherOf(call: Call, options: WriteOptions): (current: KubeObject) => KubeObject {
  const { kind, request, reply } = call;
  const { fieldValidation } = options;
  const contentType = mediaTypeOf(request.headers["content-type"]);
  const patch = decodeJson(requireBody(bodyOf(call)));
  return (object) => {
    const value = applyPatch({ contentType, kind, object, patch });
    return decodeChecked(reply, { kind, value, fieldValidation });
  };
}

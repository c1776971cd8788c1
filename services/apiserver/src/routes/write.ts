import {
  conflict,
  isAlreadyExists,
  isNotFound,
  type KubeObject,
  methodNotAllowed,
} from "@kubehop/api";
import type { FastifyReply } from "fastify";
import { sendEntry } from "../http/answer.ts";
import { servedObject, storedObject } from "../http/served.ts";
import { addWarnings } from "../http/warnings.ts";
import { parseWriteOptions } from "../http/write-options.ts";
import { createObject, type CreateOptions } from "../resources/create.ts";
import type { Resources } from "../resources/resources.ts";
import { type Change, type Part, updateObject } from "../resources/update.ts";
import type { Entry } from "../storage/entry.ts";
import { type Call, objectOf, viewOf, writerOf } from "./call.ts";
import { namedTarget } from "./read.ts";

/** How often a write that loses its race against a create or a delete is tried. */
const ATTEMPTS = 4;

/** POST to a collection: 201 with the stored object. */
export async function create(resources: Resources, call: Call): Promise<FastifyReply> {
  const { kind, target, query } = call;
  const everywhere = kind.namespaced && target.namespace === undefined;
  if (target.name !== undefined || everywhere) throw methodNotAllowed();
  const options = parseWriteOptions(query, "CreateOptions");
  const object = objectOf(call, kind, options.fieldValidation);
  const { dryRun } = options;
  return answerCreated(resources, call, object, { dryRun, writer: writerOf(call, options) });
}

/** PUT of an object or of its status; for some kinds a missing object is created (201). */
export async function update(
  resources: Resources,
  call: Call,
  part: Part = "object",
): Promise<FastifyReply> {
  const { kind, query } = call;
  const options = parseWriteOptions(query, "UpdateOptions");
  const object = objectOf(call, kind, options.fieldValidation);
  const write = { dryRun: options.dryRun, writer: writerOf(call, options) };
  const apply = (): KubeObject => structuredClone(object);
  const change = (): Promise<FastifyReply> =>
    answerUpdated(resources, call, { ...write, part, apply });
  const creates = part === "object" && resources.strategyOf(kind).createOnUpdate;
  if (!creates) return change();
  return changeOrCreate(change, () => answerCreated(resources, call, anew(call, object), write));
}

/** Changes an object or, when there is none, creates it; again when others do and undo that. */
export async function changeOrCreate(
  change: () => Promise<FastifyReply>,
  create: () => Promise<FastifyReply>,
): Promise<FastifyReply> {
  for (let left = ATTEMPTS; ; left -= 1) {
    try {
      return await change();
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
    try {
      return await create();
    } catch (error) {
      if (left <= 1 || !isAlreadyExists(error)) throw error;
    }
  }
}

/**
 * An object to be created by a PUT. Its resourceVersion means nothing then, as upstream has it; a
 * uid says that another object was meant (source: registry.Store.Update).
 */
function anew({ kind }: Call, object: KubeObject): KubeObject {
  const { resourceVersion: _version, ...metadata } = object.metadata;
  const { uid = "", name } = metadata;
  if (uid === "") return { ...structuredClone(object), metadata };
  const why = `Precondition failed: UID in precondition: ${uid}, UID in object meta: `;
  throw conflict(kind, name, why);
}

/** Creates an object and answers 201 with it: the end of every write to what does not exist. */
export async function answerCreated(
  resources: Resources,
  call: Call,
  object: KubeObject,
  options: CreateOptions,
): Promise<FastifyReply> {
  const view = viewOf(call);
  if (call.resource.verb !== "create") call.authorizeCreate();
  const stored = storedObject(call.kind, object);
  call.admit?.(stored);
  const entry = await createObject(resources, call.target, stored, options);
  warn(resources, call, entry);
  return sendEntry(call.reply.code(201), call.kind, entry, view);
}

/** Changes an object and answers with it: the end of every write to what exists. */
export async function answerUpdated(
  resources: Resources,
  call: Call,
  change: Omit<Change, "target">,
): Promise<FastifyReply> {
  const view = viewOf(call);
  const { kind } = call;
  const apply: Change["apply"] = (current, stored) => {
    const next = storedObject(kind, change.apply(servedObject(kind, current), stored));
    call.admit?.(next, stored);
    return next;
  };
  const entry = await updateObject(resources, { target: namedTarget(call), ...change, apply });
  warn(resources, call, entry);
  return sendEntry(call.reply, call.kind, entry, view);
}

/** Tells what was accepted but is not wise. */
function warn(resources: Resources, { kind, reply }: Call, { object }: Entry): void {
  addWarnings(reply, resources.strategyOf(kind).warnings(object));
}

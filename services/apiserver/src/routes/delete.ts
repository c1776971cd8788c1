import { isNotFound, type Kind } from "@kubehop/api";
import type { FastifyReply } from "fastify";
import { sendEntry, sendJson, sendPage } from "../http/answer.ts";
import { decodeBody } from "../http/body.ts";
import { parseDeleteOptions } from "../http/delete-options.ts";
import { checkListOptions, parseListOptions } from "../http/list-options.ts";
import { deleteObject } from "../resources/delete.ts";
import { listPage } from "../resources/read.ts";
import type { Resources } from "../resources/resources.ts";
import type { Entry } from "../storage/entry.ts";
import { bodyOf, type Call, viewOf } from "./call.ts";
import { catchUp, isMostRecent, namedTarget } from "./read.ts";

/** Kinds whose deletion answers with the object instead of a Status, as upstream's do. */
const ANSWERS_OBJECT = new Set(["Namespace", "Pod", "Service", "ServiceAccount"]);

/** Deletions of one collection that run at a time. */
const PARALLEL = 16;

/** DELETE of one object: the object while it still exists, else a Status. */
export async function deleteOne(resources: Resources, call: Call): Promise<FastifyReply> {
  const { kind, reply } = call;
  const target = namedTarget(call);
  const view = viewOf(call);
  const { entry, gone } = await deleteObject(resources, target, deleteOptionsOf(call));
  if (!gone || answersObject(kind)) return sendEntry(reply, kind, entry, view);
  return sendJson(reply, JSON.stringify(successOf(kind, entry)), view);
}

/** DELETE of a collection: the list of what was deleted. */
export async function deleteCollection(resources: Resources, call: Call): Promise<FastifyReply> {
  const { kind, target, query, reply } = call;
  const options = parseListOptions(kind, target.namespace, query);
  checkListOptions(options);
  const view = viewOf(call);
  const deleteOptions = deleteOptionsOf(call);
  if (isMostRecent(options)) await catchUp(resources, call);
  const page = await listPage(resources.cache, options);
  const entries = [...page.entries];
  const workers = Array.from({ length: PARALLEL }, async () => {
    for (let entry = entries.pop(); entry !== undefined; entry = entries.pop()) {
      const { name, namespace } = entry.object.metadata;
      const one = { kind: target.kind, name, ...(namespace !== undefined && { namespace }) };
      await deleteObject(resources, one, deleteOptions).catch(ignoreNotFound);
    }
  });
  await Promise.all(workers);
  return sendPage(reply, kind, page, view);
}

function answersObject({ group, kind }: Kind): boolean {
  return group === "" && ANSWERS_OBJECT.has(kind);
}

function deleteOptionsOf(call: Call): ReturnType<typeof parseDeleteOptions> {
  const body = bodyOf(call);
  const value =
    body === undefined || body.length === 0
      ? undefined
      : decodeBody(call.request.headers["content-type"], body);
  return parseDeleteOptions(call.query, value);
}

function successOf(kind: Kind, { object }: Entry): object {
  const { name, uid } = object.metadata;
  const group = kind.group === "" ? {} : { group: kind.group };
  return {
    kind: "Status",
    apiVersion: "v1",
    metadata: {},
    status: "Success",
    details: { name, ...group, kind: kind.plural, uid },
  };
}

function ignoreNotFound(error: unknown): void {
  if (!isNotFound(error)) throw error;
}

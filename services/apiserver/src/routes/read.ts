import { methodNotAllowed, notFound } from "@kubehop/api";
import type { FastifyReply } from "fastify";
import { sendEntry, sendPage } from "../http/answer.ts";
import { checkListOptions, parseListOptions } from "../http/list-options.ts";
import { listPage, waitForRevision } from "../resources/read.ts";
import type { Resources } from "../resources/resources.ts";
import { keyOf, type Target } from "../resources/target.ts";
import type { Entry } from "../storage/entry.ts";
import { type Call, viewOf } from "./call.ts";

/** GET of one object. */
export async function getObject(resources: Resources, call: Call): Promise<FastifyReply> {
  const { kind, target, query, reply } = call;
  const { revision } = parseListOptions(
    kind,
    target.namespace,
    new URLSearchParams({ resourceVersion: query.get("resourceVersion") ?? "" }),
  );
  if (revision !== undefined) await waitForRevision(resources.cache, revision);
  return sendEntry(reply, kind, await entryOf(resources, call), viewOf(call));
}

/** GET of a collection. */
export async function listObjects(resources: Resources, call: Call): Promise<FastifyReply> {
  const { kind, target, query, reply } = call;
  const options = parseListOptions(kind, target.namespace, query);
  checkListOptions(options);
  const view = viewOf(call);
  return sendPage(reply, kind, await listPage(resources.cache, options), view);
}

/** The stored object a call names; throws 404. */
export async function entryOf(resources: Resources, call: Call): Promise<Entry> {
  const target = namedTarget(call);
  const entry = await resources.store.find(keyOf(target, target.name));
  if (entry === undefined) throw notFound(target.kind, target.name);
  return entry;
}

/** The target of a call that must name an object; throws 405. */
export function namedTarget({ target }: Call): Target & { readonly name: string } {
  const { name } = target;
  if (name === undefined) throw methodNotAllowed();
  return { ...target, name };
}

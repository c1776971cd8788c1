import { methodNotAllowed, notFound } from "@kubehop/api";
import type { FastifyReply } from "fastify";
import { sendEntry, sendPage } from "../http/answer.ts";
import { checkListOptions, type ListOptions, parseListOptions } from "../http/list-options.ts";
import { addWarnings } from "../http/warnings.ts";
import { listPage, waitForRevision } from "../resources/read.ts";
import type { Resources } from "../resources/resources.ts";
import { keyOf, type Target } from "../resources/target.ts";
import type { Entry } from "../storage/entry.ts";
import { type Call, viewOf } from "./call.ts";

/** What a read says that could not be compared with the registry. */
const MAYBE_STALE =
  "the registry can't be reached: this is what the API server saw last; is nats-server running?";

/** GET of one object. */
export async function getObject(resources: Resources, call: Call): Promise<FastifyReply> {
  const { kind, target, query, reply } = call;
  const { revision } = parseListOptions(
    kind,
    target.namespace,
    new URLSearchParams({ resourceVersion: query.get("resourceVersion") ?? "" }),
  );
  if (revision === undefined) await catchUp(resources, call);
  else await waitForRevision(resources.cache, revision);
  return sendEntry(reply, kind, await entryOf(resources, call), viewOf(call));
}

/** GET of a collection. */
export async function listObjects(resources: Resources, call: Call): Promise<FastifyReply> {
  const { kind, target, query, reply } = call;
  const options = parseListOptions(kind, target.namespace, query);
  checkListOptions(options);
  const view = viewOf(call);
  if (isMostRecent(options)) await catchUp(resources, call);
  return sendPage(reply, kind, await listPage(resources.cache, options), view);
}

/** Whether a list is to show the registry as it is now: no version, no page of an older one. */
export function isMostRecent({ revision, continueToken }: ListOptions): boolean {
  return revision === undefined && continueToken === "";
}

/**
 * A read that names no version shows what is newest (upstream's quorum reads). While nats-server
 * is away it shows what this server saw last, and says so.
 */
export async function catchUp({ store }: Resources, { reply }: Call): Promise<void> {
  if (!(await store.catchUp())) addWarnings(reply, [MAYBE_STALE]);
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

import type { Kind } from "@kubehop/api";
import type { Random } from "@kubehop/kit";
import type { View } from "../http/answer.ts";
import { checkWatchOptions, parseListOptions } from "../http/list-options.ts";
import type { ApiServerMetrics } from "../metrics.ts";
import type { ObjectStore } from "../resources/object-store.ts";
import { waitForRevision } from "../resources/read.ts";
import type { WatchCache } from "../watch/cache.ts";
import { encoderFor } from "../watch/encoder.ts";
import { type RunningWatch, startWatch } from "../watch/watch.ts";
import type { FrameSink } from "../watch/watcher.ts";
import { type Call, viewOf } from "./call.ts";
import { startStream, type StreamSet } from "./streams.ts";

/** What watches need. */
export interface WatchDeps {
  readonly cache: WatchCache;
  readonly store: Pick<ObjectStore, "catchUp">;
  readonly metrics: ApiServerMetrics;
  readonly random: Random;
  /** Unix time in ms. */
  readonly now: () => number;
  readonly streams: StreamSet;
}

/** What is watched, and how the client wants to see it. */
export interface WatchedObjects {
  readonly kind: Kind;
  readonly namespace?: string;
  readonly query: URLSearchParams;
  readonly view: View;
}

/** GET with ?watch: streams one line of JSON an event until the client leaves or time is up. */
export async function watchObjects(deps: WatchDeps, call: Call): Promise<void> {
  const { kind, target, query, reply } = call;
  const { namespace } = target;
  const view = viewOf(call);
  const watched = { kind, query, view, ...(namespace !== undefined && { namespace }) };
  const open = await openWatch(deps, watched);
  const response = startStream(reply, "application/json");
  const watch = open(response);
  response.once("close", () => watch[Symbol.dispose]());
  deps.streams.add(response, () => watch.end());
}

/**
 * Reads what a watch is about; gives the function that begins it. Throws 400, 422 or 504 as long as
 * the client can still be told.
 */
export async function openWatch(
  { cache, store, metrics, now, random }: WatchDeps,
  { kind, namespace, query, view }: WatchedObjects,
): Promise<(sink: FrameSink) => RunningWatch> {
  const options = parseListOptions(kind, namespace, query);
  checkWatchOptions(options);
  if (options.revision === undefined) await store.catchUp();
  else if (options.sendInitialEvents === true) await waitForRevision(cache, options.revision);
  const { accepted, includeObject } = view;
  const encode = encoderFor(kind, { ...accepted, includeObject }, now);
  return (sink) =>
    startWatch(cache, {
      kind,
      options,
      encode,
      sink,
      random,
      onSent: (bytes) => metrics.watchEvent(kind, bytes),
      onOverflow: () => metrics.watcherDropped(kind),
    });
}

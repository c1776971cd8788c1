import type { Random } from "@kubehop/kit";
import { checkWatchOptions, parseListOptions } from "../http/list-options.ts";
import type { ApiServerMetrics } from "../metrics.ts";
import { waitForRevision } from "../resources/read.ts";
import type { WatchCache } from "../watch/cache.ts";
import { encoderFor } from "../watch/encoder.ts";
import { startWatch } from "../watch/watch.ts";
import { type Call, viewOf } from "./call.ts";
import { startStream, type StreamSet } from "./streams.ts";

/** What watches need. */
export interface WatchDeps {
  readonly cache: WatchCache;
  readonly metrics: ApiServerMetrics;
  readonly random: Random;
  /** Unix time in ms. */
  readonly now: () => number;
  readonly streams: StreamSet;
}

/** GET with ?watch: streams one line of JSON an event until the client leaves or time is up. */
export async function watchObjects(deps: WatchDeps, call: Call): Promise<void> {
  const { kind, target, query, reply } = call;
  const { cache, metrics } = deps;
  const options = parseListOptions(kind, target.namespace, query);
  checkWatchOptions(options);
  const view = viewOf(call);
  if (options.sendInitialEvents === true) await waitForRevision(cache, options.revision ?? 0);
  const { accepted, includeObject } = view;
  const encode = encoderFor(kind, { ...accepted, includeObject }, deps.now);
  const response = startStream(reply, "application/json");
  const watch = startWatch(cache, {
    kind,
    options,
    encode,
    sink: response,
    random: deps.random,
    onSent: (bytes) => metrics.watchEvent(kind, bytes),
    onOverflow: () => metrics.watcherDropped(kind),
  });
  response.once("close", () => watch[Symbol.dispose]());
  deps.streams.add(response, () => watch.end());
}

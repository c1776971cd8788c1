import { apiVersionOf, expired, type Kind } from "@kubehop/api";
import type { Random } from "@kubehop/kit";
import type { ListOptions } from "../http/list-options.ts";
import { resourceOfKey } from "../storage/entry.ts";
import type { WatchCache } from "./cache.ts";
import { bookmarkLine, errorLine, type EventEncoder } from "./frames.ts";
import { isSelected, type SelectedEvent, selectEvent } from "./selection.ts";
import { createWatcher, type FrameSink } from "./watcher.ts";

/** One watch: what is watched, from when, and where its lines go. */
export interface WatchRequest {
  readonly kind: Kind;
  readonly options: ListOptions;
  readonly encode: EventEncoder;
  readonly sink: FrameSink;
  readonly random: Random;
  /** Called for each event sent, with its size in bytes. */
  onSent(bytes: number): void;
  /** Called when the client was dropped because it reads too slowly. */
  onOverflow(): void;
}

/** A watch that runs. */
export interface RunningWatch extends Disposable {
  /** Sends what waits and ends the stream. */
  end(): void;
}

const BOOKMARK_INTERVAL_MS = 60_000;
/** A last bookmark comes this long before a watch ends by its time-out. */
const LAST_BOOKMARK_MS = 2_000;
/** A watch without a time-out of its own ends after 30 to 60 minutes, as upstream's do. */
const MIN_DURATION_MS = 1_800_000;
const MAX_DURATION_MS = 86_400_000;

/**
 * Streams the changes of a resource (rules: KEP-956, KEP-3157). Disposing it, when the connection
 * has closed, frees what it holds.
 */
export function startWatch(cache: WatchCache, request: WatchRequest): RunningWatch {
  const { kind, options, encode, sink } = request;
  const { selection, revision = 0, sendInitialEvents = revision === 0 } = options;
  const resource = resourceOfKey(selection.prefix);
  const state = sendInitialEvents ? cache.list(selection.prefix) : undefined;
  const from = state?.revision ?? (revision === 0 ? cache.revision() : revision);
  const type = { apiVersion: apiVersionOf(kind), kind: kind.kind };

  const lineOf = (event: SelectedEvent) => (): Buffer | string => {
    const line = encode(event);
    request.onSent(line.length);
    return line;
  };
  const initial = (state?.entries ?? [])
    .filter((entry) => isSelected(entry, selection))
    .map((entry) => lineOf({ type: "ADDED", entry }));
  const watcher = createWatcher(sink, initial, () => request.onOverflow());
  const bookmark = (endsInitialEvents = false): void => {
    const line = bookmarkLine(type, Math.max(from, cache.revision()), endsInitialEvents);
    watcher.send(() => line);
  };
  const fail = (): void => {
    const { status } = expired(`too old resource version: ${from} (${cache.oldest(resource)})`);
    watcher.send(() => errorLine(status));
    watcher.end();
  };
  if (sendInitialEvents && options.allowBookmarks) bookmark(true);
  const subscription = cache.subscribe(resource, from, {
    onEvent(event) {
      if (event.entry.revision <= from) return;
      const selected = selectEvent(event, selection);
      if (selected !== undefined) watcher.send(lineOf(selected));
    },
    onReset: fail,
  });
  if (subscription === undefined) fail();
  const timers = startTimers(request, { bookmark, end: () => watcher.end() });
  return {
    end: () => watcher.end(),
    [Symbol.dispose]() {
      timers[Symbol.dispose]();
      subscription?.[Symbol.dispose]();
    },
  };
}

function startTimers(
  { options, random }: WatchRequest,
  watch: { bookmark(): void; end(): void },
): Disposable {
  const { timeoutSeconds, allowBookmarks } = options;
  const duration =
    timeoutSeconds === undefined
      ? MIN_DURATION_MS * (1 + random())
      : Math.min(timeoutSeconds * 1_000, MAX_DURATION_MS);
  const timers = [setTimeout(() => watch.end(), duration)];
  if (allowBookmarks) {
    timers.push(setInterval(() => watch.bookmark(), BOOKMARK_INTERVAL_MS * (0.9 + random() / 5)));
    const last = duration - LAST_BOOKMARK_MS;
    if (last > 0) timers.push(setTimeout(() => watch.bookmark(), last));
  }
  return {
    [Symbol.dispose]() {
      for (const timer of timers) clearTimeout(timer);
    },
  };
}

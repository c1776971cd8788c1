import type { Entry } from "../storage/entry.ts";

/** One change of one object. */
export interface CacheEvent {
  readonly type: "ADDED" | "MODIFIED" | "DELETED";
  /** The version written; for DELETED the final state, its revision being that of the deletion. */
  readonly entry: Entry;
  /** The version before, absent for ADDED. */
  readonly previous?: Entry;
}

/** How much of the past a window keeps. */
export interface WindowLimits {
  /** Most events kept. */
  readonly events: number;
  /** Most bytes of objects kept, but always at least the newest event. */
  readonly bytes: number;
}

/** The newest events of one resource, oldest first. */
export interface EventWindow {
  /** Everything after this revision is still in the window. */
  oldest(): number;
  push(event: CacheEvent): void;
  /** The events after a revision; undefined when some of them are no longer kept. */
  since(revision: number): readonly CacheEvent[] | undefined;
}

/** Creates an empty window that knows nothing of the time up to `startRevision`. */
export function createEventWindow(startRevision: number, limits: WindowLimits): EventWindow {
  let events: CacheEvent[] = [];
  let head = 0;
  let bytes = 0;
  let oldest = startRevision;

  const dropOldest = (): void => {
    const dropped = events[head] as CacheEvent;
    head += 1;
    bytes -= dropped.entry.bytes.length;
    oldest = dropped.entry.revision;
  };
  const compactArray = (): void => {
    if (head < 256 || head * 2 < events.length) return;
    events = events.slice(head);
    head = 0;
  };

  return {
    oldest: () => oldest,
    push(event) {
      events.push(event);
      bytes += event.entry.bytes.length;
      while (events.length - head > limits.events) dropOldest();
      while (bytes > limits.bytes && events.length - head > 1) dropOldest();
      compactArray();
    },
    since(revision) {
      if (revision < oldest) return undefined;
      return events.slice(firstAfter(events, head, revision));
    },
  };
}

/** Index of the first event after a revision (revisions only grow along the array). */
function firstAfter(events: readonly CacheEvent[], from: number, revision: number): number {
  let low = from;
  let high = events.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((events[middle] as CacheEvent).entry.revision > revision) high = middle;
    else low = middle + 1;
  }
  return low;
}

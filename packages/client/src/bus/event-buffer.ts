import type { PublishedEntry } from "./registry-entry.ts";

/** Writes that wait for a snapshot. */
export interface EventBuffer {
  /** Keeps an event. Gives false when there was no room: then it and all before it are dropped. */
  add(event: PublishedEntry): boolean;
  /** All that is kept, by revision; the buffer is empty then. */
  takeAll(): PublishedEntry[];
}

/** Some seconds of the fastest writing of objects of a usual size. */
const BYTES_LIMIT = 64 * 1024 * 1024;
/** What an event costs beside its value. */
const EVENT_BYTES = 512;

/** Creates an empty buffer; `limit` is in bytes. */
export function createEventBuffer(limit: number = BYTES_LIMIT): EventBuffer {
  let events: PublishedEntry[] = [];
  let bytes = 0;
  const clear = (): void => {
    events = [];
    bytes = 0;
  };
  return {
    add(event) {
      bytes += EVENT_BYTES + sizeOf(event);
      events.push(event);
      if (bytes <= limit) return true;
      clear();
      return false;
    },
    takeAll() {
      const all = events.sort((a, b) => a.entry.revision - b.entry.revision);
      clear();
      return all;
    },
  };
}

function sizeOf({ entry }: PublishedEntry): number {
  return entry.deleted ? entry.lastValue.length : entry.value.length;
}

import { createEntry, type Entry, resourceOfKey } from "../storage/entry.ts";
import { createWaiters } from "./waiters.ts";
import {
  type CacheEvent,
  createEventWindow,
  type EventWindow,
  type WindowLimits,
} from "./window.ts";

/** A write as the stream of the registry tells it. */
export type StreamEntry =
  | { key: string; revision: number; deleted: false; value: Uint8Array }
  | { key: string; revision: number; deleted: true; lastValue: Uint8Array };

/** The objects of a resource at one revision, ordered by key. */
export interface Listing {
  readonly entries: readonly Entry[];
  readonly revision: number;
}

/** Somebody who follows a resource. */
export interface Subscriber {
  /** Called for each event, in order. */
  onEvent(event: CacheEvent): void;
  /** The registry was replaced by another one: no event will come any more. */
  onReset(): void;
}

/** Every object of the registry in memory, with the recent events of each resource. */
export interface WatchCache {
  /** The newest revision applied; 0 before the first snapshot. */
  revision(): number;
  get(key: string): Entry | undefined;
  /** The objects whose keys begin with a prefix: `services.`, `deployments/apps.default.`. */
  list(prefix: string): Listing;
  /** The same as it was at an older revision; undefined when that is too old to know. */
  listAt(prefix: string, revision: number): Listing | undefined;
  /**
   * Follows a resource (`services`, `deployments/apps`): hands over the events after `revision` at once, then each new one as it comes. Gives undefined
   * (and subscribes nothing) when some of those events are no longer kept.
   */
  subscribe(resource: string, revision: number, subscriber: Subscriber): Disposable | undefined;
  /** The oldest revision a watch of the resource can start from. */
  oldest(resource: string): number;
  /** Resolves once the revision has been applied; rejects with the signal's reason. */
  applied(revision: number, signal: AbortSignal): Promise<void>;
  /** How many objects each resource has. */
  sizes(): ReadonlyMap<string, number>;
  /** Takes a whole registry; what was known before is void. */
  load(entries: readonly StreamEntry[], revision: number): void;
  /** Takes the next write. */
  apply(entry: StreamEntry): void;
  /**
   * Some writes up to a revision have not come: only those who follow already know what they mean.
   * Others, who may have seen one of them through another API server, must list again (410).
   */
  forget(revision: number): void;
}

interface Shelf {
  readonly entries: Map<string, Entry>;
  window: EventWindow;
  readonly subscribers: Set<Subscriber>;
  /** The keys in order; undefined after an object came or went. */
  sortedKeys: readonly string[] | undefined;
}

/** Creates an empty cache; feed it with `load` once and `apply` from then on. */
export function createWatchCache(limits: WindowLimits): WatchCache {
  const shelves = new Map<string, Shelf>();
  const waiters = createWaiters();
  let current = 0;
  let started = 0;

  const shelfOf = (resource: string): Shelf => {
    const known = shelves.get(resource);
    if (known !== undefined) return known;
    const shelf = createShelf(started, limits);
    shelves.set(resource, shelf);
    return shelf;
  };

  return {
    revision: () => current,
    get: (key) => shelves.get(resourceOfKey(key))?.entries.get(key),
    list: (prefix) => ({
      entries: sortedEntries(shelfOf(resourceOfKey(prefix)), prefix),
      revision: current,
    }),
    listAt(prefix, revision) {
      const entries = entriesAt(shelfOf(resourceOfKey(prefix)), revision);
      return entries && { entries: entries.filter(({ key }) => key.startsWith(prefix)), revision };
    },
    subscribe(resource, revision, subscriber) {
      const shelf = shelfOf(resource);
      const missed = shelf.window.since(revision);
      if (missed === undefined) return undefined;
      shelf.subscribers.add(subscriber);
      for (const event of missed) subscriber.onEvent(event);
      return { [Symbol.dispose]: () => shelf.subscribers.delete(subscriber) };
    },
    oldest: (resource) => shelfOf(resource).window.oldest(),
    applied: (revision, signal) =>
      revision <= current ? Promise.resolve() : waiters.wait(revision, signal),
    sizes: () => new Map([...shelves].map(([resource, shelf]) => [resource, shelf.entries.size])),
    load(entries, revision) {
      const followers = [...shelves.values()].flatMap((shelf) => [...shelf.subscribers]);
      shelves.clear();
      current = revision;
      started = revision;
      for (const entry of entries) {
        if (entry.deleted) continue;
        const { key, value } = entry;
        shelfOf(resourceOfKey(key)).entries.set(key, createEntry(key, entry.revision, value));
      }
      for (const follower of followers) follower.onReset();
      waiters.reached(current);
    },
    apply(entry) {
      current = Math.max(current, entry.revision);
      const shelf = shelfOf(resourceOfKey(entry.key));
      for (const event of eventsOf(entry, shelf.entries.get(entry.key))) commit(shelf, event);
      waiters.reached(current);
    },
    forget(revision) {
      started = revision;
      for (const shelf of shelves.values()) shelf.window = createEventWindow(revision, limits);
    },
  };
}

function createShelf(started: number, limits: WindowLimits): Shelf {
  return {
    entries: new Map(),
    window: createEventWindow(started, limits),
    subscribers: new Set(),
    sortedKeys: undefined,
  };
}

/**
 * What a write means to watchers. After a lost connection only the last state of a key comes, so
 * an object may have been deleted and made anew: then the deletion is told as well.
 */
function eventsOf(write: StreamEntry, previous: Entry | undefined): CacheEvent[] {
  const { key, revision } = write;
  if (write.deleted) {
    if (previous === undefined) return [];
    const final = write.lastValue.length === 0 ? previous.bytes : write.lastValue;
    return [{ type: "DELETED", entry: createEntry(key, revision, final), previous }];
  }
  const entry = createEntry(key, revision, write.value);
  if (previous === undefined) return [{ type: "ADDED", entry }];
  if (previous.object.metadata.uid === entry.object.metadata.uid) {
    return [{ type: "MODIFIED", entry, previous }];
  }
  return [
    { type: "DELETED", entry: createEntry(key, revision - 1, previous.bytes), previous },
    { type: "ADDED", entry },
  ];
}

function commit(shelf: Shelf, event: CacheEvent): void {
  const { entry } = event;
  if (event.type === "DELETED") shelf.entries.delete(entry.key);
  else shelf.entries.set(entry.key, entry);
  if (event.type !== "MODIFIED") shelf.sortedKeys = undefined;
  shelf.window.push(event);
  for (const subscriber of shelf.subscribers) subscriber.onEvent(event);
}

/** The shelf's entries whose key begins with `prefix`, by key. */
function sortedEntries(shelf: Shelf, prefix: string): readonly Entry[] {
  shelf.sortedKeys ??= [...shelf.entries.keys()].sort();
  const entries: Entry[] = [];
  for (const key of shelf.sortedKeys) {
    const entry = key.startsWith(prefix) ? shelf.entries.get(key) : undefined;
    if (entry !== undefined) entries.push(entry);
  }
  return entries;
}

/** Goes back from now: what each later event changed is undone, newest first. */
function entriesAt(shelf: Shelf, revision: number): Entry[] | undefined {
  const later = shelf.window.since(revision);
  if (later === undefined) return undefined;
  const entries = new Map(shelf.entries);
  for (const { entry, previous } of later.toReversed()) {
    if (previous === undefined) entries.delete(entry.key);
    else entries.set(entry.key, previous);
  }
  return [...entries.values()].sort((a, b) => (a.key < b.key ? -1 : 1));
}

import { setTimeout as delay } from "node:timers/promises";
import { type Bus, type BusConnection, connectionOf } from "./connection.ts";
import { createEventBuffer, type EventBuffer } from "./event-buffer.ts";
import { entryOfEvent, type PublishedEntry, type RegistryEntry } from "./registry-entry.ts";
import { readSnapshot } from "./snapshot.ts";
import { REGISTRY_EVENT_SUBJECT } from "./subjects.ts";

/** What to watch and whom to tell. Callbacks are called one at a time and must not throw. */
export interface RegistryWatchOptions {
  /** Keys, with NATS wildcards: `services.>`; `>` for the whole registry. */
  readonly filter: string;
  /**
   * Called once, when all live keys are known, in order of revision. Called again only when the
   * registry itself was replaced (its sequence went back): all that was known before is void.
   * `revision` is the highest one the list reflects.
   */
  onSnapshot(entries: readonly RegistryEntry[], revision: number): void;
  /**
   * Called for each later change of a key. Writes made while the connection was lost come as the
   * last state of each key only: a deletion may be of a key never heard of. Who watches the whole
   * registry is told every write, in the order of their revisions. With any other filter that
   * holds for each key; writes of different keys through different API servers may change places.
   */
  onEntry(entry: RegistryEntry): void;
  /**
   * Called after the entries that were read again because writes may have been missed: up to
   * `revision` only the last state of each key has been told. Not called when nothing was written.
   */
  onGap?(revision: number): void;
}

const WHOLE_REGISTRY = ">";
const FIRST_RETRY_MS = 50;
const MAX_RETRY_MS = 2_000;
/** A write that comes later than this after one that was stored after it is lost. */
const LATE_MS = 250;

/**
 * Follows part of the registry for ever. It listens to the republished writes first, reads a
 * snapshot, then goes on with newer writes. After a lost connection, or when the chain of a key's
 * revisions shows a gap, it reads a snapshot again and tells the difference as changes. Disposing
 * ends it.
 */
export function watchRegistry(bus: Bus, options: RegistryWatchOptions): AsyncDisposable {
  const watch = new RegistryWatch(bus, options);
  return { [Symbol.asyncDispose]: () => watch.stop() };
}

/**
 * Two modes. Buffering: writes are kept until a snapshot is there. Live: they are told at once.
 * Whoever loses trust in the stream calls `resync`.
 *
 * nats-server before 2.9.16 (its pull request 4018) publishes the writes of two connections in
 * another order than it stores them now and then; with 2.9.10 it is one of a hundred. Who follows
 * the whole registry knows which revision comes next and holds what comes before its turn.
 */
class RegistryWatch {
  readonly #connection: BusConnection;
  readonly #bus: Bus;
  readonly #options: RegistryWatchOptions;
  readonly #stopped = new AbortController();
  readonly #disposables = new DisposableStack();
  readonly #loop: Promise<void>;
  /** Revision of each live key. */
  #known = new Map<string, number>();
  /** The highest revision told. */
  #revision = 0;
  /** Events up to here are in the last snapshot. */
  #floor = 0;
  #synced = false;
  #buffer: EventBuffer | undefined = createEventBuffer();
  /** Came before its turn: by revision, of the whole registry only. */
  readonly #early = new Map<number, PublishedEntry>();
  #late: NodeJS.Timeout | undefined;
  /** Counts the reasons to read a snapshot; one taken before the last reason is worthless. */
  #reasons = 1;
  #wake: () => void = () => {};

  constructor(bus: Bus, options: RegistryWatchOptions) {
    this.#bus = bus;
    this.#connection = connectionOf(bus);
    this.#options = options;
    const subject = `${REGISTRY_EVENT_SUBJECT}.${options.filter}`;
    const { nats, logger } = this.#connection;
    const subscription = nats.subscribe(subject, {
      callback: (error, message) => {
        if (error !== null) logger.error({ subject, err: error }, "registry watch refused");
        else this.#onEvent(entryOfEvent(message));
      },
    });
    this.#disposables.defer(() => subscription.unsubscribe());
    this.#disposables.defer(() => this.#stopWaiting());
    this.#disposables.use(this.#connection.onDisconnect(() => this.#resync()));
    this.#disposables.use(bus.onReconnect(() => this.#resync()));
    this.#loop = this.#run();
  }

  async stop(): Promise<void> {
    this.#stopped.abort();
    this.#disposables.dispose();
    this.#wake();
    await this.#loop;
  }

  /** Goes to buffering, beginning with the event that showed the gap, if one did. */
  #resync(event?: PublishedEntry): void {
    this.#reasons += 1;
    this.#buffer ??= createEventBuffer();
    for (const early of this.#early.values()) this.#keep(early);
    this.#early.clear();
    this.#stopWaiting();
    if (event !== undefined) this.#keep(event);
    this.#wake();
  }

  /** Keeps an event until a snapshot is there, which has to be a newer one if there is no room. */
  #keep(event: PublishedEntry): void {
    if (this.#buffer?.add(event) === false) this.#reasons += 1;
  }

  async #run(): Promise<void> {
    let handled = 0;
    let retry = FIRST_RETRY_MS;
    while (!this.#stopped.signal.aborted) {
      const reasons = this.#reasons;
      if (handled === reasons) {
        await new Promise<void>((resolve) => (this.#wake = resolve));
      } else if (await this.#trySync(reasons, retry === MAX_RETRY_MS)) {
        handled = reasons;
        retry = FIRST_RETRY_MS;
      } else {
        await delay(retry, undefined, { signal: this.#stopped.signal }).catch(() => {});
        retry = Math.min(retry * 2, MAX_RETRY_MS);
      }
    }
  }

  /** `overdue`: it has failed so often that somebody should know. */
  async #trySync(reasons: number, overdue: boolean): Promise<boolean> {
    if (!this.#bus.connected()) return false;
    const { filter } = this.#options;
    const signal = this.#stopped.signal;
    try {
      const entries = await readSnapshot(this.#connection, { filter, signal });
      if (await this.#lacksKnownKey(entries)) return false;
      if (reasons !== this.#reasons) return false;
      this.#apply(entries);
      return true;
    } catch (error) {
      const cause = (error as Error).message;
      const level = overdue ? "warn" : "debug";
      this.#connection.logger[level]({ filter, cause }, "registry not readable yet, will retry");
      return false;
    }
  }

  /**
   * A live key without even a delete marker is rare (the marker was purged while we were away), so
   * a second look is cheap and keeps a key that moved during the first from being called deleted.
   */
  async #lacksKnownKey(entries: readonly RegistryEntry[]): Promise<boolean> {
    const missing = this.#missing(entries);
    if (missing.length === 0) return false;
    const { filter } = this.#options;
    const again = await readSnapshot(this.#connection, { filter, signal: this.#stopped.signal });
    const present = new Set(again.map((entry) => entry.key));
    return missing.some((key) => present.has(key));
  }

  #missing(entries: readonly RegistryEntry[]): string[] {
    const listed = new Set(entries.map((entry) => entry.key));
    return [...this.#known.keys()].filter((key) => !listed.has(key));
  }

  #apply(entries: readonly RegistryEntry[]): void {
    const revision = entries.at(-1)?.revision ?? 0;
    const buffered = this.#buffer?.takeAll() ?? [];
    this.#buffer = undefined;
    const replaced = revision < this.#revision;
    if (!this.#synced || replaced) this.#begin(entries, revision);
    else this.#continue(entries, revision);
    this.#floor = revision;
    for (const event of buffered) this.#onEvent(event);
  }

  #begin(entries: readonly RegistryEntry[], revision: number): void {
    const live = entries.filter((entry) => !entry.deleted);
    this.#known = new Map(live.map((entry) => [entry.key, entry.revision]));
    this.#revision = revision;
    this.#synced = true;
    this.#guard(() => this.#options.onSnapshot(live, revision));
  }

  #continue(entries: readonly RegistryEntry[], revision: number): void {
    const missing = this.#missing(entries);
    const before = this.#revision;
    for (const entry of entries) {
      const known = this.#known.get(entry.key);
      const isNews = entry.deleted
        ? known !== undefined || entry.revision > before
        : entry.revision !== known;
      if (isNews) this.#tell(entry);
    }
    for (const key of missing) {
      this.#tell({ key, revision, deleted: true, lastValue: new Uint8Array() });
    }
    if (revision > before) this.#guard(() => this.#options.onGap?.(revision));
  }

  #onEvent(event: PublishedEntry): void {
    if (this.#buffer !== undefined) return this.#keep(event);
    const { revision } = event.entry;
    if (revision <= this.#floor) return;
    if (this.#isWhole() && revision > this.#revision + 1) return this.#hold(event);
    this.#take(event);
    if (this.#early.size > 0) this.#release();
  }

  #take(event: PublishedEntry): void {
    const { entry, previousRevision } = event;
    if (!this.#isGap(entry, previousRevision)) return this.#tell(entry);
    this.#warnOfLoss(entry.key);
    this.#resync(event);
  }

  #hold(event: PublishedEntry): void {
    this.#early.set(event.entry.revision, event);
    this.#late ??= setTimeout(() => {
      this.#warnOfLoss(event.entry.key);
      this.#resync();
    }, LATE_MS);
  }

  /** Takes what was early and is due now. What waits then, waits for another one. */
  #release(): void {
    this.#stopWaiting();
    for (;;) {
      const due = this.#early.get(this.#revision + 1);
      if (due === undefined) break;
      this.#early.delete(due.entry.revision);
      this.#take(due);
    }
    const [next] = this.#early.values();
    if (next !== undefined) this.#hold(next);
  }

  #stopWaiting(): void {
    clearTimeout(this.#late);
    this.#late = undefined;
  }

  #warnOfLoss(key: string): void {
    this.#connection.logger.warn({ key }, "registry events were lost, reading again");
  }

  #isWhole(): boolean {
    return this.#options.filter === WHOLE_REGISTRY;
  }

  /** Whether events are missing: of this key by its chain of revisions, or any that come late. */
  #isGap(entry: RegistryEntry, previousRevision: number): boolean {
    if (entry.revision <= this.#revision) return true;
    const known = this.#known.get(entry.key);
    return known === undefined ? previousRevision > this.#revision : previousRevision !== known;
  }

  #tell(entry: RegistryEntry): void {
    this.#revision = Math.max(this.#revision, entry.revision);
    if (entry.deleted) this.#known.delete(entry.key);
    else this.#known.set(entry.key, entry.revision);
    this.#guard(() => this.#options.onEntry(entry));
  }

  #guard(callback: () => void): void {
    try {
      callback();
    } catch (err) {
      this.#connection.logger.error({ err }, "a registry watcher threw");
    }
  }
}

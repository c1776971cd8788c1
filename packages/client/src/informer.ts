import {
  type Kind,
  type KubeObject,
  namespacedName,
  parseRegistryKey,
  registryPrefix,
} from "@kubehop/api";
import type { Bus } from "./bus/connection.ts";
import type { RegistryEntry } from "./bus/registry-entry.ts";
import { watchRegistry } from "./bus/registry-watch.ts";
import type { Logger } from "./logger.ts";
import { createStore, type IndexFunction, type Store, type Stored } from "./store.ts";

/** One change of one object: no `previous` when it is new, no `current` when it is gone. */
export interface Change<T> {
  /** `ns/name`, or `name`. */
  readonly key: string;
  readonly previous?: T;
  readonly current?: T;
}

/** Which objects to follow, what to keep of them (`S`), and under what to find them. */
export interface InformerOptions<T extends KubeObject, S extends Stored = T> {
  readonly bus: Bus;
  readonly kind: Kind<T>;
  readonly logger: Logger;
  /** All namespaces when absent. */
  readonly namespace?: string;
  readonly indexes?: Readonly<Record<string, IndexFunction<S>>>;
  /** What is kept of an object, as client-go's SetTransform; all of it when absent. */
  readonly transform?: (object: T) => S;
}

/**
 * A cache of all objects of a kind that follows the registry for ever, also through restarts of
 * the bus and while every API server is down. Guarantees:
 * 1. The store changes first, then handlers are called, one change at a time.
 * 2. A handler sees every key that changes, but not every state of it.
 * 3. Objects carry their resourceVersion, and are shared: nobody may change them.
 */
export interface Informer<T> extends AsyncDisposable {
  readonly store: Store<T>;
  /** Begins to follow; a second call does nothing. Handlers added before see every object. */
  start(): void;
  /** Whether the store has once held all objects there were. */
  hasSynced(): boolean;
  /** Resolves when hasSynced does, rejects when the signal aborts. */
  synced(signal?: AbortSignal): Promise<void>;
  onChange(handler: (change: Change<T>) => void): Disposable;
  /** The highest registry revision this store reflects; 0 before it is synced. */
  revision(): number;
}

/** Creates an informer; it reads nothing before `start`. */
export function createInformer<T extends KubeObject, S extends Stored = T>(
  options: InformerOptions<T, S>,
): Informer<S> {
  const handlers = new Set<(change: Change<S>) => void>();
  const cache = createCache(options, handlers);
  const synced = Promise.withResolvers<void>();
  let watch: AsyncDisposable | undefined;
  let hasSynced = false;
  let revision = 0;

  return {
    store: cache.store,
    start() {
      watch ??= watchRegistry(options.bus, {
        filter: registryPrefix(options.kind, options.namespace),
        onSnapshot(entries, at) {
          revision = at;
          cache.replace(entries);
          hasSynced = true;
          synced.resolve();
        },
        onEntry(entry) {
          revision = Math.max(revision, entry.revision);
          cache.apply(entry);
        },
      });
    },
    hasSynced: () => hasSynced,
    synced: (signal) => untilAborted(synced.promise, signal),
    onChange(handler) {
      const own = (change: Change<S>): void => handler(change);
      handlers.add(own);
      return { [Symbol.dispose]: () => handlers.delete(own) };
    },
    revision: () => revision,
    async [Symbol.asyncDispose]() {
      handlers.clear();
      await watch?.[Symbol.asyncDispose]();
    },
  };
}

interface Cache<T> {
  readonly store: Store<T>;
  apply(entry: RegistryEntry): void;
  /** Makes the store hold exactly these. */
  replace(entries: readonly RegistryEntry[]): void;
}

/** Turns entries of the registry into objects of the store, and tells the handlers. */
function createCache<T extends KubeObject, S extends Stored>(
  { kind, logger, indexes, transform }: InformerOptions<T, S>,
  handlers: ReadonlySet<(change: Change<S>) => void>,
): Cache<S> {
  const store = createStore<S>(indexes);
  const notify = (change: Change<S>): void => {
    for (const handler of handlers) {
      try {
        handler(change);
      } catch (err) {
        logger.error({ kind: kind.kind, key: change.key, err }, "an informer's handler threw");
      }
    }
  };
  const remove = (key: string): void => {
    const previous = store.delete(key);
    if (previous !== undefined) notify({ key, previous });
  };
  const apply = (entry: RegistryEntry): void => {
    if (entry.deleted) return remove(keyOf(entry));
    const decoded = decode(entry.value, entry.revision);
    if (decoded === undefined) {
      logger.error({ key: entry.key }, "the registry holds something that is no object");
      return;
    }
    // Without a transform S is T, and what a kind's key holds is of that kind.
    const current = transform?.(decoded as T) ?? (decoded as Stored as S);
    const key = namespacedName(current);
    const previous = store.set(key, current);
    notify(previous === undefined ? { key, current } : { key, previous, current });
  };
  return {
    store,
    apply,
    replace(entries) {
      const listed = new Set(entries.map(keyOf));
      const gone = store.keys().filter((key) => !listed.has(key));
      for (const key of gone) remove(key);
      for (const entry of entries) apply(entry);
    },
  };
}

/** The key of the object that an entry holds or held; empty, which no object has, for another's. */
function keyOf({ key }: RegistryEntry): string {
  const ref = parseRegistryKey(key);
  return ref === undefined ? "" : namespacedName({ metadata: ref });
}

const decoder = new TextDecoder();

/**
 * The registry does not store the resourceVersion: it is the revision. The managedFields, half of
 * a small object's bytes, are left out: no reader needs them, and a write without them keeps those
 * stored (upstream's controllers set TransformStripManagedFields).
 */
function decode(value: Uint8Array, revision: number): KubeObject | undefined {
  try {
    const object = JSON.parse(decoder.decode(value)) as KubeObject;
    const { managedFields: _fields, ...metadata } = object.metadata;
    object.metadata = { ...metadata, resourceVersion: String(revision) };
    return object;
  } catch {
    return undefined;
  }
}

async function untilAborted(promise: Promise<void>, signal?: AbortSignal): Promise<void> {
  if (signal === undefined) return promise;
  signal.throwIfAborted();
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const onAbort = (): void => reject(signal.reason);
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}

import { setTimeout as delay } from "node:timers/promises";
import { isExpired, type Kind, Kinds, type KubeObject, namespacedName } from "@kubehop/api";
import { type Change, createStore, type RestClient, type Stored } from "@kubehop/client";
import type { Logger } from "@kubehop/kit";
import type { ClusterSource, ObjectSource } from "./cluster-source.ts";
import type { RequestGate } from "./request-gate.ts";
import { trimService, trimSlice } from "./trim.ts";

/** A source over an API server; disposing it ends the watches and closes the connections. */
export interface RestSource extends ClusterSource, AsyncDisposable {}

/** What a source is made from. */
export interface RestSourceOptions {
  readonly rest: RestClient;
  readonly gate: RequestGate;
  readonly logger: Logger;
}

const FIRST_RETRY_MS = 200;
const MAX_RETRY_MS = 30_000;

/** Follows an API server by list and watch, for ever; what was read last stays while it is away. */
export function createRestSource(options: RestSourceOptions): RestSource {
  const stop = new AbortController();
  const running: Promise<void>[] = [];
  const follow = <T extends KubeObject, S extends Stored = T>(
    kind: Kind<T>,
    trim?: (object: T) => S,
  ): ObjectSource<S> =>
    createReflector<T, S>(kind, {
      ...options,
      // Without a function S is T.
      trim: trim ?? ((object) => object as Stored as S),
      signal: stop.signal,
      onStart: (run) => running.push(run),
    });
  return {
    services: follow(Kinds.Service, trimService),
    slices: follow(Kinds.EndpointSlice, trimSlice),
    namespaces: follow(Kinds.Namespace),
    pods: follow(Kinds.Pod),
    async [Symbol.asyncDispose]() {
      stop.abort();
      await Promise.all(running);
      await options.rest[Symbol.asyncDispose]();
    },
  };
}

interface ReflectorOptions<T, S> extends RestSourceOptions {
  /** What is kept of an object. */
  trim(object: T): S;
  readonly signal: AbortSignal;
  onStart(run: Promise<void>): void;
}

/** The objects of a kind, and who is told of changes. */
interface Objects<T> extends Pick<ObjectSource<T>, "store" | "onChange"> {
  apply(key: string, current: T | undefined): void;
}

function createObjects<T extends Stored>(): Objects<T> {
  const store = createStore<T>();
  const handlers = new Set<(change: Change<T>) => void>();
  return {
    store,
    apply(key, current) {
      const previous = current === undefined ? store.delete(key) : store.set(key, current);
      if (previous === undefined && current === undefined) return;
      const parts = { ...(previous && { previous }), ...(current && { current }) };
      for (const handler of handlers) handler({ key, ...parts });
    },
    onChange(handler) {
      handlers.add(handler);
      return { [Symbol.dispose]: () => handlers.delete(handler) };
    },
  };
}

function createReflector<T extends KubeObject, S extends Stored>(
  kind: Kind<T>,
  options: ReflectorOptions<T, S>,
): ObjectSource<S> {
  const { rest, gate, trim, signal, logger } = options;
  const { store, apply, onChange } = createObjects<S>();
  const state = { started: false, synced: false, version: "" };

  const list = async (): Promise<void> => {
    const { items, resourceVersion } = await gate.run("list", () => rest.list(kind));
    const listed = new Set(items.map((item) => namespacedName(item)));
    for (const gone of store.list().map((item) => namespacedName(item))) {
      if (!listed.has(gone)) apply(gone, undefined);
    }
    for (const item of items) apply(namespacedName(item), trim(item));
    state.version = resourceVersion;
    state.synced = true;
  };
  const watch = async (): Promise<void> => {
    const from = { resourceVersion: state.version, allowWatchBookmarks: true, signal };
    const events = await gate.run("watch", async () => rest.watch(kind, from));
    for await (const { type, object } of events) {
      state.version = object.metadata.resourceVersion ?? state.version;
      if (type === "BOOKMARK") continue;
      apply(namespacedName(object), type === "DELETED" ? undefined : trim(object));
    }
  };
  const run = async (): Promise<void> => {
    let retryMs = FIRST_RETRY_MS;
    while (!signal.aborted) {
      try {
        if (state.version === "") await list();
        retryMs = FIRST_RETRY_MS;
        await watch();
        // The server ends watches now and then; one that does at once is not hammered.
        await pause(FIRST_RETRY_MS, signal);
      } catch (error) {
        if (signal.aborted) return;
        // A version that the server has forgotten: list again (410 Gone).
        if (isExpired(error)) state.version = "";
        else
          logger.warn({ kind: kind.kind, err: error, retryMs }, "the API server is not followed");
        await pause(retryMs, signal);
        retryMs = Math.min(retryMs * 2, MAX_RETRY_MS);
      }
    }
  };
  return {
    store,
    start() {
      if (state.started) return;
      state.started = true;
      options.onStart(run());
    },
    hasSynced: () => state.synced,
    revision: () => Number(state.version) || 0,
    onChange,
  };
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await delay(ms, undefined, { signal }).catch(() => undefined);
}

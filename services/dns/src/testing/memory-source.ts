import { type KubeObject, namespacedName } from "@kubehop/api";
import { type Change, createStore, type Stored } from "@kubehop/client";
import type { EndpointSlice, Namespace, Pod, Service } from "@kubehop/api";
import type { ClusterSource, ObjectSource } from "../cluster/cluster-source.ts";
import { type ReadySlice, trimService, trimSlice } from "../cluster/trim.ts";

/** An object source whose objects a test sets. */
export interface MemoryObjects<T extends KubeObject, S = T> extends ObjectSource<S> {
  apply(...objects: readonly T[]): void;
  remove(key: string): void;
  /** False until `sync` is called, or from the start. */
  sync(): void;
}

/** A list/watch source in memory, for tests and the benchmark's server. */
export interface MemorySource extends ClusterSource {
  readonly services: MemoryObjects<Service>;
  readonly slices: MemoryObjects<EndpointSlice, ReadySlice>;
  readonly namespaces: MemoryObjects<Namespace>;
  readonly pods: MemoryObjects<Pod>;
  sync(): void;
}

/** Creates an empty source; `synced: false` is one that has not listed yet. */
export function createMemorySource({ synced = true }: { synced?: boolean } = {}): MemorySource {
  const clock = { revision: 0 };
  const services = createObjects(clock, synced, trimService);
  const slices = createObjects(clock, synced, trimSlice);
  const namespaces = createObjects(clock, synced, (object: Namespace) => object);
  const pods = createObjects(clock, synced, (object: Pod) => object);
  return {
    services,
    slices,
    namespaces,
    pods,
    sync() {
      for (const objects of [services, slices, namespaces, pods]) objects.sync();
    },
  };
}

function createObjects<T extends KubeObject, S extends Stored>(
  clock: { revision: number },
  synced: boolean,
  trim: (object: T) => S,
): MemoryObjects<T, S> {
  const store = createStore<S>();
  const handlers = new Set<(change: Change<S>) => void>();
  let hasSynced = synced;
  const notify = (change: Change<S>): void => {
    for (const handler of handlers) handler(change);
  };
  return {
    store,
    start() {},
    sync() {
      hasSynced = true;
    },
    hasSynced: () => hasSynced,
    revision: () => clock.revision,
    onChange(handler) {
      handlers.add(handler);
      return { [Symbol.dispose]: () => handlers.delete(handler) };
    },
    apply(...objects) {
      for (const object of objects) {
        clock.revision++;
        const key = namespacedName(object);
        const current = trim(object);
        const previous = store.set(key, current);
        notify(previous === undefined ? { key, current } : { key, previous, current });
      }
    },
    remove(key) {
      clock.revision++;
      const previous = store.delete(key);
      if (previous !== undefined) notify({ key, previous });
    },
  };
}

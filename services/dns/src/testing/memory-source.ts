import { type KubeObject, namespacedName } from "@kubehop/api";
import { type Change, createStore } from "@kubehop/client";
import type { EndpointSlice, Namespace, Pod, Service } from "@kubehop/api";
import type { ClusterSource, ObjectSource } from "../cluster/cluster-source.ts";

/** An object source whose objects a test sets. */
export interface MemoryObjects<T extends KubeObject> extends ObjectSource<T> {
  apply(...objects: readonly T[]): void;
  remove(key: string): void;
  /** False until `sync` is called, or from the start. */
  sync(): void;
}

/** A list/watch source in memory, for tests and the benchmark's server. */
export interface MemorySource extends ClusterSource {
  readonly services: MemoryObjects<Service>;
  readonly slices: MemoryObjects<EndpointSlice>;
  readonly namespaces: MemoryObjects<Namespace>;
  readonly pods: MemoryObjects<Pod>;
  sync(): void;
}

/** Creates an empty source; `synced: false` is one that has not listed yet. */
export function createMemorySource({ synced = true }: { synced?: boolean } = {}): MemorySource {
  const clock = { revision: 0 };
  const services = createObjects<Service>(clock, synced);
  const slices = createObjects<EndpointSlice>(clock, synced);
  const namespaces = createObjects<Namespace>(clock, synced);
  const pods = createObjects<Pod>(clock, synced);
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

function createObjects<T extends KubeObject>(
  clock: { revision: number },
  synced: boolean,
): MemoryObjects<T> {
  const store = createStore<T>();
  const handlers = new Set<(change: Change<T>) => void>();
  let hasSynced = synced;
  const notify = (change: Change<T>): void => {
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
      for (const current of objects) {
        clock.revision++;
        const key = namespacedName(current);
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

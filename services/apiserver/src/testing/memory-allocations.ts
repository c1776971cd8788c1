import type { AllocationStore } from "../allocators/allocation-store.ts";

/** Allocations in memory, and a switch that makes deletions fail. */
export interface MemoryStore<T> extends AllocationStore<T> {
  readonly entries: Map<string, T>;
  failDeletes: boolean;
}

/** Creates an empty store; like the registry it answers later, never at once. */
export function createMemoryStore<T>(): MemoryStore<T> {
  const entries = new Map<string, T>();
  const store: MemoryStore<T> = {
    entries,
    failDeletes: false,
    async create(name, value) {
      await Promise.resolve();
      if (entries.has(name)) return false;
      entries.set(name, value);
      return true;
    },
    async delete(name, version = name) {
      await Promise.resolve();
      if (store.failDeletes) throw new Error("the registry is away");
      if (version === name) entries.delete(name);
    },
    version: (name) => (entries.has(name) ? name : undefined),
    get: (name) => entries.get(name),
    names: () => entries.keys(),
  };
  return store;
}

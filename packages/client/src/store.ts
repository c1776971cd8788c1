import type { ObjectMeta } from "@kubehop/api";

/** Gives the values under which an object is found by one index; none leaves it out. */
export type IndexFunction<T> = (object: T) => readonly string[];

/** The least that an object in a store has. */
export interface Stored {
  readonly metadata: ObjectMeta;
}

/** The read side of a cache of objects, by key (`ns/name`, or `name`). Objects are not to be changed. */
export interface Store<T> {
  get(key: string): T | undefined;
  /** All objects, or those of one namespace; no order is promised. */
  list(namespace?: string): readonly T[];
  /** The objects that an index found under a value. Throws for an index that does not exist. */
  byIndex(index: string, value: string): readonly T[];
  size(): number;
}

/** A store that can be written; its owner keeps this side to itself. */
export interface WritableStore<T> extends Store<T> {
  /** Puts the object in place of what the key held, and gives that. */
  set(key: string, object: T): T | undefined;
  /** Takes the key's object out, and gives it. */
  delete(key: string): T | undefined;
  keys(): readonly string[];
}

/**
 * Creates an empty store with the given indexes, and one by namespace that is made when it is first
 * asked for: for 10,000 objects it takes a megabyte.
 */
export function createStore<T extends Stored>(
  indexFunctions: Readonly<Record<string, IndexFunction<T>>> = {},
): WritableStore<T> {
  const objects = new Map<string, T>();
  const indexes = new Map(
    Object.entries(indexFunctions).map(([name, find]) => [name, createIndex(find)]),
  );
  let namespaces: Index<T> | undefined;
  const inNamespace = (namespace: string): readonly T[] => {
    if (namespaces === undefined) {
      namespaces = createIndex((object) => [object.metadata.namespace ?? ""]);
      for (const [key, object] of objects) namespaces.add(key, object);
    }
    return namespaces.get(namespace);
  };

  const remove = (key: string): T | undefined => {
    const previous = objects.get(key);
    if (previous === undefined) return undefined;
    for (const index of indexes.values()) index.remove(key, previous);
    namespaces?.remove(key, previous);
    objects.delete(key);
    return previous;
  };
  return {
    get: (key) => objects.get(key),
    list: (namespace) => (namespace === undefined ? [...objects.values()] : inNamespace(namespace)),
    byIndex(name, value) {
      const index = indexes.get(name);
      if (index === undefined) throw new Error(`this store has no index "${name}"`);
      return index.get(value);
    },
    size: () => objects.size,
    set(key, object) {
      const previous = remove(key);
      objects.set(key, object);
      for (const index of indexes.values()) index.add(key, object);
      namespaces?.add(key, object);
      return previous;
    },
    delete: remove,
    keys: () => [...objects.keys()],
  };
}

interface Index<T> {
  get(value: string): readonly T[];
  add(key: string, object: T): void;
  remove(key: string, object: T): void;
}

function createIndex<T>(find: IndexFunction<T>): Index<T> {
  const entries = new Map<string, Map<string, T>>();
  return {
    get: (value) => [...(entries.get(value)?.values() ?? [])],
    add(key, object) {
      for (const value of find(object)) {
        const found = entries.get(value);
        if (found === undefined) entries.set(value, new Map([[key, object]]));
        else found.set(key, object);
      }
    },
    remove(key, object) {
      for (const value of find(object)) {
        const found = entries.get(value);
        found?.delete(key);
        if (found?.size === 0) entries.delete(value);
      }
    },
  };
}

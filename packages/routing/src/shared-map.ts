/** Changes a map keeps beside its base; with more of them the next version gets a base of its own. */
const MAX_CHANGES = 256;

/**
 * A map that never changes. Its next version shares with it all that stays the same, so a change of
 * one entry among many thousands costs little, and so does finding what differs between two versions.
 */
export class SharedMap<V> {
  readonly size: number;
  readonly #base: ReadonlyMap<string, V>;
  /** What differs from the base; undefined says that the key is gone. */
  readonly #changes: ReadonlyMap<string, V | undefined>;

  constructor(
    base: ReadonlyMap<string, V> = new Map(),
    changes: ReadonlyMap<string, V | undefined> = new Map(),
  ) {
    this.#base = base;
    this.#changes = changes;
    this.size = sizeOf(base, changes);
  }

  get(key: string): V | undefined {
    return this.#changes.has(key) ? this.#changes.get(key) : this.#base.get(key);
  }

  has(key: string): boolean {
    return this.get(key) !== undefined;
  }

  /** The next version: `undefined` takes a key out. */
  with(changes: ReadonlyMap<string, V | undefined>): SharedMap<V> {
    const all = new Map([...this.#changes, ...changes]);
    if (all.size <= MAX_CHANGES) return new SharedMap(this.#base, all);
    return new SharedMap(new Map(new SharedMap(this.#base, all)));
  }

  /** The keys whose values may differ in another map; all others have the same value in both. */
  keysUnlike(other: SharedMap<V>): ReadonlySet<string> {
    return this.#base === other.#base
      ? new Set([...this.#changes.keys(), ...other.#changes.keys()])
      : new Set([...this.keys(), ...other.keys()]);
  }

  *keys(): Generator<string> {
    for (const [key] of this) yield key;
  }

  *values(): Generator<V> {
    for (const [, value] of this) yield value;
  }

  *[Symbol.iterator](): Generator<[string, V]> {
    for (const key of this.#base.keys()) {
      const value = this.get(key);
      if (value !== undefined) yield [key, value];
    }
    for (const [key, value] of this.#changes) {
      if (value !== undefined && !this.#base.has(key)) yield [key, value];
    }
  }
}

function sizeOf<V>(
  base: ReadonlyMap<string, V>,
  changes: ReadonlyMap<string, V | undefined>,
): number {
  let size = base.size;
  for (const [key, value] of changes) {
    size += (value === undefined ? 0 : 1) - (base.has(key) ? 1 : 0);
  }
  return size;
}

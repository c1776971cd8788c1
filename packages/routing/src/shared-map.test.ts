import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { SharedMap } from "./shared-map.ts";

/** Enough keys, and changes of them, to give versions a base of their own now and then. */
const changes = fc.dictionary(
  fc.integer({ min: 0, max: 400 }).map(String),
  fc.option(fc.integer({ min: 0, max: 9 }), { nil: undefined }),
  { minKeys: 0, maxKeys: 120 },
);

describe("SharedMap", () => {
  it("is what a Map would be after the same changes, and every version stays as it was", () => {
    fc.assert(
      fc.property(fc.array(changes, { maxLength: 6 }), (steps) => {
        const versions = versionsOf(steps);
        for (const { map, model } of versions) {
          expect(map.size).toBe(model.size);
          expect(new Map(map)).toEqual(model);
          expect([...map.keys()].every((key) => map.has(key))).toBe(true);
          expect([...map.values()]).toEqual([...map.keys()].map((key) => map.get(key)));
        }
      }),
      { numRuns: 50 },
    );
  });

  it("names every key that differs between two versions, and few others after a small change", () => {
    fc.assert(
      fc.property(fc.array(changes, { minLength: 1, maxLength: 6 }), (steps) => {
        const versions = versionsOf(steps);
        for (const [a, b] of versions.flatMap((a) => versions.map((b) => [a, b] as const))) {
          const named = a.map.keysUnlike(b.map);
          const keys = [...a.model.keys(), ...b.model.keys()];
          const missed = keys.filter(
            (key) => a.model.get(key) !== b.model.get(key) && !named.has(key),
          );
          expect(missed).toEqual([]);
        }
      }),
      { numRuns: 50 },
    );
    const many = new SharedMap(new Map(Array.from({ length: 9 }, (_, n) => [String(n), n])));
    expect([...many.with(new Map([["3", 7]])).keysUnlike(many)]).toEqual(["3"]);
  });

  it("keeps the order in which keys came", () => {
    const first = new SharedMap(new Map(Object.entries({ a: 1, b: 2 })));
    const next = first.with(new Map(Object.entries({ c: 3, a: 4 })));
    expect([...next]).toEqual(Object.entries({ a: 4, b: 2, c: 3 }));
  });
});

function versionsOf(steps: readonly Record<string, number | undefined>[]) {
  const versions = [{ map: new SharedMap<number>(), model: new Map<string, number>() }];
  for (const step of steps) {
    const last = versions.at(-1);
    const model = new Map(last?.model);
    for (const [key, value] of Object.entries(step)) {
      if (value === undefined) model.delete(key);
      else model.set(key, value);
    }
    const map = last?.map.with(new Map(Object.entries(step))) ?? new SharedMap<number>();
    versions.push({ map, model });
  }
  return versions;
}

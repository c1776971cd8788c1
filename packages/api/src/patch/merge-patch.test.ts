import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { applyMergePatch } from "./merge-patch.ts";

describe("RFC 7386, appendix A", () => {
  test.each<[unknown, unknown, unknown]>([
    [{ a: "b" }, { a: "c" }, { a: "c" }],
    [{ a: "b" }, { b: "c" }, { a: "b", b: "c" }],
    [{ a: "b" }, { a: null }, {}],
    [{ a: "b", b: "c" }, { a: null }, { b: "c" }],
    [{ a: ["b"] }, { a: "c" }, { a: "c" }],
    [{ a: "c" }, { a: ["b"] }, { a: ["b"] }],
    [{ a: { b: "c" } }, { a: { b: "d", c: null } }, { a: { b: "d" } }],
    [{ a: [{ b: "c" }] }, { a: [1] }, { a: [1] }],
    [
      ["a", "b"],
      ["c", "d"],
      ["c", "d"],
    ],
    [{ a: "b" }, ["c"], ["c"]],
    [{ a: "foo" }, null, null],
    [{ a: "foo" }, "bar", "bar"],
    [{ e: null }, { a: 1 }, { e: null, a: 1 }],
    [[1, 2], { a: "b", c: null }, { a: "b" }],
    [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
  ])("%j + %j = %j", (object, patch, expected) => {
    const before = structuredClone(object);
    expect(applyMergePatch(object, patch)).toEqual(expected);
    expect(object).toEqual(before);
  });
});

const json = fc
  .jsonValue({ maxDepth: 3 })
  .map((value) => JSON.parse(JSON.stringify(value)) as unknown);

test("applying a patch twice is applying it once", () => {
  fc.assert(
    fc.property(json, json, (object, patch) => {
      const once = applyMergePatch(object, patch);
      expect(applyMergePatch(once, patch)).toEqual(once);
    }),
  );
});

test("the result holds no null the patch brought", () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), json), (patch) => {
      const result = applyMergePatch({}, patch) as Record<string, unknown>;
      expect(Object.values(result)).not.toContain(null);
    }),
  );
});

test("__proto__ is a field like any other", () => {
  const patch = JSON.parse('{"__proto__":{"polluted":1}}') as unknown;
  const result = applyMergePatch({}, patch) as object;
  expect(({} as { polluted?: number }).polluted).toBeUndefined();
  expect(Object.getPrototypeOf(result)).toBe(Object.prototype);
  expect(JSON.stringify(result)).toBe('{"__proto__":{"polluted":1}}');
});

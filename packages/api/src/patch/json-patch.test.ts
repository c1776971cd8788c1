import fc from "fast-check";
import { createPatch } from "rfc6902";
import { describe, expect, test } from "vitest";
import { applyJsonPatch } from "./json-patch.ts";

const object = { spec: { ports: [{ port: 80 }, { port: 443 }] }, "a/b": { "m~n": 1 } };

describe("operations", () => {
  test.each<[string, unknown[], unknown]>([
    ["add a field", [{ op: "add", path: "/x", value: 1 }], { ...object, x: 1 }],
    [
      "insert into a list",
      [{ op: "add", path: "/spec/ports/0", value: { port: 1 } }],
      { ...object, spec: { ports: [{ port: 1 }, { port: 80 }, { port: 443 }] } },
    ],
    [
      "append to a list",
      [{ op: "add", path: "/spec/ports/-", value: { port: 1 } }],
      { ...object, spec: { ports: [{ port: 80 }, { port: 443 }, { port: 1 }] } },
    ],
    [
      "remove",
      [{ op: "remove", path: "/spec/ports/0" }],
      { ...object, spec: { ports: [{ port: 443 }] } },
    ],
    ["replace", [{ op: "replace", path: "/spec", value: {} }], { ...object, spec: {} }],
    ["replace all", [{ op: "replace", path: "", value: { a: 1 } }], { a: 1 }],
    [
      "escaped names",
      [
        { op: "test", path: "/a~1b/m~0n", value: 1 },
        { op: "replace", path: "/a~1b/m~0n", value: 2 },
      ],
      { ...object, "a/b": { "m~n": 2 } },
    ],
    [
      "move",
      [{ op: "move", from: "/spec/ports", path: "/ports" }],
      { "a/b": object["a/b"], spec: {}, ports: object.spec.ports },
    ],
    [
      "copy",
      [{ op: "copy", from: "/spec/ports/0", path: "/first" }],
      { ...object, first: { port: 80 } },
    ],
    ["none", [], object],
  ])("%s", (_name, patch, expected) => {
    const before = structuredClone(object);
    expect(applyJsonPatch<unknown>(object, patch)).toEqual(expected);
    expect(object).toEqual(before);
  });
});

describe("failures", () => {
  test.each<[string, unknown]>([
    ["test", { op: "test", path: "/spec", value: {} }],
    ["remove what is not there", { op: "remove", path: "/nope" }],
    ["replace what is not there", { op: "replace", path: "/nope", value: 1 }],
    ["replace beyond the list", { op: "replace", path: "/spec/ports/9", value: 1 }],
    ["replace at -1", { op: "replace", path: "/spec/ports/-1", value: 1 }],
    ["replace at -", { op: "replace", path: "/spec/ports/-", value: 1 }],
    ["add below nothing", { op: "add", path: "/x/y", value: 1 }],
    ["add below a number", { op: "add", path: "/spec/ports/0/port/x", value: 1 }],
    ["add without value", { op: "add", path: "/x" }],
    ["move into itself", { op: "move", from: "/spec", path: "/spec/ports/0" }],
    ["copy from nowhere", { op: "copy", from: "/nope", path: "/x" }],
    ["copy without from", { op: "copy", path: "/x" }],
    ["unknown operation", { op: "merge", path: "/x", value: 1 }],
    ["no path", { op: "add", value: 1 }],
    ["bad path", { op: "add", path: "x", value: 1 }],
    ["below the prototype", { op: "add", path: "/__proto__/polluted", value: 1 }],
    ["below the constructor", { op: "add", path: "/constructor/prototype/polluted", value: 1 }],
    ["remove a method", { op: "remove", path: "/toString" }],
    ["remove all", { op: "remove", path: "" }],
    ["no operation", 5],
    ["null", null],
  ])("%s is 422", (_name, operation) => {
    expect(() => applyJsonPatch(object, [operation])).toThrow(
      expect.objectContaining({
        code: 422,
        message: "the server rejected our request due to an error in our request",
      }) as Error,
    );
    expect(({} as { polluted?: number }).polluted).toBeUndefined();
  });

  test.each([{}, "x", null, 1])("%j is no patch: 400", (patch) => {
    expect(() => applyJsonPatch(object, patch)).toThrow(
      expect.objectContaining({ code: 400 }) as Error,
    );
  });

  test("too many operations are 413", () => {
    const patch = Array.from({ length: 10_001 }, () => ({ op: "test", path: "", value: {} }));
    expect(() => applyJsonPatch({}, patch)).toThrow(
      expect.objectContaining({ code: 413 }) as Error,
    );
  });

  test("copies that double and double end with 413", () => {
    const double = { op: "copy", from: "", path: "/a" };
    const patch = Array.from({ length: 40 }, (_, index) => ({ ...double, path: `/a${index}` }));
    expect(() => applyJsonPatch({ text: "x".repeat(100) }, patch)).toThrow(
      expect.objectContaining({ code: 413 }) as Error,
    );
  });
});

test("a patch that moves the items of a long list again and again ends with 413", () => {
  const insert = Array.from({ length: 9_999 }, () => ({ op: "add", path: "/list/0", value: 0 }));
  const list = Array.from({ length: 100_000 }, () => 0);
  expect(() => applyJsonPatch({ list }, insert)).toThrow(
    expect.objectContaining({ code: 413 }) as Error,
  );
});

test("members named __proto__ are members like any other", () => {
  const parse = (text: string): unknown => JSON.parse(text);
  const patch = [
    { op: "add", path: "/labels", value: parse('{"__proto__":"a","x":{"__proto__":1}}') },
    { op: "add", path: "/labels/constructor", value: "b" },
    { op: "copy", from: "/labels", path: "/__proto__" },
    { op: "test", path: "/__proto__/__proto__", value: "a" },
    { op: "replace", path: "/labels/__proto__", value: "c" },
  ];
  const result = applyJsonPatch<unknown>({}, patch);
  expect(JSON.stringify(result)).toBe(
    '{"labels":{"__proto__":"c","x":{"__proto__":1},"constructor":"b"},' +
      '"__proto__":{"__proto__":"a","x":{"__proto__":1},"constructor":"b"}}',
  );
});

test("the patch between two objects leads from one to the other", () => {
  // rfc6902, which makes the patch, leaves out members named __proto__.
  const json = fc
    .dictionary(fc.stringMatching(/^[a-z/~]{1,3}$/), fc.jsonValue({ maxDepth: 3 }))
    .filter((object) => !JSON.stringify(object).includes("__proto__"));
  fc.assert(
    fc.property(json, json, (from, to) => {
      const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value)) as unknown;
      const [a, b] = [plain(from), plain(to)];
      expect(applyJsonPatch(a, createPatch(a, b))).toEqual(b);
    }),
  );
});

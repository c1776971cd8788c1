import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import {
  difference,
  type FieldSet,
  fieldSetOf,
  fromFieldsV1,
  intersection,
  isEmpty,
  isSame,
  NO_FIELDS,
  pathsOf,
  recursiveDifference,
  toFieldsV1,
  union,
} from "./field-set.ts";
import { anySet } from "./testing/samples.ts";

describe("a set of fields", () => {
  test("is written as fieldsV1 and read again", () => {
    const set = fieldSetOf(
      ["f:metadata", "f:labels"],
      ["f:metadata", "f:labels", "f:app"],
      ["f:spec", "f:ports", 'k:{"port":80,"protocol":"TCP"}', "f:port"],
      ["f:metadata", "f:finalizers", 'v:"a.b/c"'],
    );
    expect(toFieldsV1(set)).toEqual({
      "f:metadata": {
        "f:finalizers": { 'v:"a.b/c"': {} },
        "f:labels": { ".": {}, "f:app": {} },
      },
      "f:spec": { "f:ports": { 'k:{"port":80,"protocol":"TCP"}': { "f:port": {} } } },
    });
    expect(pathsOf(set)).toEqual([
      '.metadata.finalizers[="a.b/c"]',
      ".metadata.labels",
      ".metadata.labels.app",
      '.spec.ports[port=80,protocol="TCP"].port',
    ]);
  });

  it("is written in time however deep its paths are that others go on from", () => {
    // What a nested object in a place for data of any shape gives: each level twice would be 2^500.
    const steps = Array.from({ length: 500 }, () => "f:a");
    const set = fieldSetOf(...steps.map((_, index) => steps.slice(0, index + 1)));
    expect(pathsOf(fromFieldsV1(toFieldsV1(set)) ?? NO_FIELDS)).toHaveLength(500);
  });

  it("reads keys in any order and spacing", () => {
    const set = fromFieldsV1({ 'k:{"protocol": "TCP", "port": 80}': {}, 'v: "x"': {} });
    expect(set && toFieldsV1(set)).toEqual({ 'k:{"port":80,"protocol":"TCP"}': {}, 'v:"x"': {} });
  });

  it.each([
    ["text", "f:a"],
    ["a step of no form", { a: {} }],
    ["keys that are no object", { "k:[1]": {} }],
    ["a value that is no JSON", { "v:x": {} }],
    ["a negative index", { "i:-1": {} }],
    ["something below that is no set", { "f:a": 1 }],
    ["nothing", null],
  ])("that is %s is none", (_what, fields) => {
    expect(fromFieldsV1(fields)).toBeUndefined();
  });

  it("that is nested too deep is none", () => {
    const deep = Array.from({ length: 2_000 }).reduce<object>((below) => ({ "f:a": below }), {});
    expect(fromFieldsV1(deep)).toBeUndefined();
  });
});

type Law = (a: FieldSet, b: FieldSet, c: FieldSet) => boolean;

test.each<[string, Law]>([
  ["union is commutative", (a, b) => isSame(union(a, b), union(b, a))],
  ["union is associative", (a, b, c) => isSame(union(a, union(b, c)), union(union(a, b), c))],
  ["union is idempotent", (a) => isSame(union(a, a), a)],
  ["intersection is commutative", (a, b) => isSame(intersection(a, b), intersection(b, a))],
  [
    "intersection distributes over union",
    (a, b, c) =>
      isSame(intersection(a, union(b, c)), union(intersection(a, b), intersection(a, c))),
  ],
  [
    "a set is what it shares with another and what it does not",
    (a, b) => isSame(union(intersection(a, b), difference(a, b)), a),
  ],
  ["nothing of the subtrahend is left", (a, b) => isEmpty(intersection(difference(a, b), b))],
  [
    "a recursive difference leaves no more than a plain one",
    (a, b) => isEmpty(difference(recursiveDifference(a, b), difference(a, b))),
  ],
  [
    "the empty set changes nothing",
    (a) => isSame(union(a, NO_FIELDS), a) && isSame(difference(a, NO_FIELDS), a),
  ],
  [
    "fieldsV1 holds all of it",
    (a) => {
      const read = fromFieldsV1(JSON.parse(JSON.stringify(toFieldsV1(a))));
      return read !== undefined && isSame(read, a);
    },
  ],
  [
    "equal sets are equal texts",
    (a, b) => {
      const same = JSON.stringify(toFieldsV1(a)) === JSON.stringify(toFieldsV1(b));
      return same === isSame(a, b);
    },
  ],
])("%s", (_law, holds) => {
  fc.assert(fc.property(anySet, anySet, anySet, holds));
});

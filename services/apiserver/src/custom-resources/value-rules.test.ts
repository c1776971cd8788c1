import type { JSONSchemaProps } from "@kubehop/api";
import { describe, expect, it } from "vitest";
import { applyDefaults } from "./defaulting.ts";
import { pruningDecoder } from "./pruning.ts";
import { brokenRules } from "./validation-rules.ts";
import { valueCauses } from "./value-rules.ts";

function texts(value: unknown, schema: JSONSchemaProps, old?: unknown): string[] {
  const place = { value, schema, path: "v", ...(old !== undefined && { old }) };
  return valueCauses(place).map(({ field, message }) => `${field}: ${message}`);
}

describe("a value that fits", () => {
  it.each<[unknown, JSONSchemaProps]>([
    [1, { type: "number" }],
    [null, { type: "string", nullable: true }],
    ["80", { "x-kubernetes-int-or-string": true }],
    ["😀😀", { type: "string", maxLength: 2 }],
    [0.3, { type: "number", multipleOf: 0.1 }],
    ["2026-01-02T03:04:05Z", { type: "string", format: "date-time" }],
    ["anything", { type: "string", format: "nobody-knows" }],
    [5, { type: "integer", oneOf: [{ maximum: 5 }, { minimum: 10 }] }],
    [{ a: 1 }, { type: "object", additionalProperties: { type: "integer" } }],
  ])("%j %j", (value, schema) => {
    expect(texts(value, schema)).toEqual([]);
  });
});

describe("a value that does not", () => {
  it.each<[unknown, JSONSchemaProps, string]>([
    [
      1.5,
      { type: "integer" },
      'v: Invalid value: "number": v in body must be of type integer: "number"',
    ],
    [
      null,
      { type: "string" },
      'v: Invalid value: "null": v in body must be of type string: "null"',
    ],
    [
      true,
      { "x-kubernetes-int-or-string": true },
      'v: Invalid value: "boolean": v in body must be of type integer,string: "boolean"',
    ],
    ["abc", { type: "string", maxLength: 2 }, "v: Too long: may not be more than 2 bytes"],
    [
      "",
      { type: "string", minLength: 1 },
      'v: Invalid value: "": v in body should be at least 1 chars long',
    ],
    ["b", { type: "string", pattern: "^a" }, `v: Invalid value: "b": v in body should match '^a'`],
    [
      "x",
      { type: "string", format: "ipv4" },
      'v: Invalid value: "x": v in body must be of type ipv4: "x"',
    ],
    [
      5,
      { type: "integer", maximum: 5, exclusiveMaximum: true },
      "v: Invalid value: 5: v in body should be less than 5",
    ],
    [
      4,
      { type: "integer", minimum: 5 },
      "v: Invalid value: 4: v in body should be greater than or equal to 5",
    ],
    [
      3,
      { type: "integer", multipleOf: 2 },
      "v: Invalid value: 3: v in body should be a multiple of 2",
    ],
    [
      [1],
      { type: "array", items: { type: "integer" }, minItems: 2 },
      "v: Invalid value: 1: v in body should have at least 2 items",
    ],
    [
      [1, 2],
      { type: "array", items: { type: "integer" }, maxItems: 1 },
      "v: Too many: 2: must have at most 1 items",
    ],
    [
      ["a", "a"],
      { type: "array", items: { type: "string" }, "x-kubernetes-list-type": "set" },
      'v[1]: Duplicate value: "a"',
    ],
    [{}, { type: "object", required: ["a"] }, "v.a: Required value"],
    [{ a: 1 }, { type: "object", maxProperties: 0 }, "v: Too many: 1: must have at most 0 items"],
    [
      5,
      { type: "integer", anyOf: [{ maximum: 1 }, { minimum: 9 }] },
      '<nil>: Invalid value: "": "v" must validate at least one schema (anyOf)',
    ],
    [
      5,
      { type: "integer", oneOf: [{ maximum: 9 }, { minimum: 1 }] },
      '<nil>: Invalid value: "": "v" must validate one and only one schema (oneOf). Found 2 valid alternatives',
    ],
    [
      5,
      { type: "integer", not: { minimum: 1 } },
      '<nil>: Invalid value: "": "v" must not validate the schema (not)',
    ],
  ])("%j %j", (value, schema, text) => {
    expect(texts(value, schema)).toContain(text);
  });

  it("is let be as long as an update does not touch it", () => {
    const schema: JSONSchemaProps = {
      type: "object",
      properties: { a: { type: "integer", maximum: 1 }, b: { type: "integer", maximum: 1 } },
    };
    expect(texts({ a: 5, b: 5 }, schema, { a: 5, b: 1 })).toHaveLength(1);
    expect(texts({ a: 5, b: 5 }, schema, { a: 5, b: 5 })).toEqual([]);
  });

  it("takes no time that grows with the pattern's malice", () => {
    const schema: JSONSchemaProps = { type: "string", pattern: "^(a+)+$" };
    expect(texts(`${"a".repeat(10_000)}b`, schema)).toHaveLength(1);
  });
});

describe("rules", () => {
  const schema: JSONSchemaProps = {
    type: "object",
    properties: {
      min: { type: "integer" },
      max: { type: "integer" },
      "dashed-name": { type: "string" },
      list: { type: "array", items: { type: "string" } },
    },
  };
  const judge = (rule: object, value: object, old?: object): string[] => {
    const ruled = { ...schema, "x-kubernetes-validations": [rule] };
    const place = { value, schema: ruled, path: "spec", ...(old !== undefined && { old }) };
    return brokenRules(place).map(({ field, message }) => `${field}: ${message}`);
  };

  it.each([
    [{ rule: "self.min <= self.max" }, { min: 1, max: 2 }],
    [{ rule: "self.dashed__dash__name == 'x'" }, { "dashed-name": "x" }],
    [{ rule: "self.list.all(one, one.matches('^[a-c]+$'))" }, { list: ["a", "bc"] }],
    [{ rule: "!has(self.max) || self.max > 0" }, {}],
    [{ rule: "self.min == oldSelf.min" }, { min: 1 }],
  ])("%j hold for %j", (rule, value) => {
    expect(judge(rule, value)).toEqual([]);
  });

  it.each<[object, object, object | undefined, string]>([
    [
      { rule: "self.min <= self.max" },
      { min: 3, max: 2 },
      undefined,
      'spec: Invalid value: "object": failed rule: self.min <= self.max',
    ],
    [
      {
        rule: "self.min <= self.max",
        message: "too small",
        fieldPath: ".min",
        reason: "FieldValueForbidden",
      },
      { min: 3, max: 2 },
      undefined,
      "spec.min: Forbidden: too small",
    ],
    [
      { rule: "self.min < 1", messageExpression: "'is ' + string(self.min)" },
      { min: 3 },
      undefined,
      'spec: Invalid value: "object": is 3',
    ],
    [
      { rule: "self.min == oldSelf.min", message: "immutable" },
      { min: 2 },
      { min: 1 },
      'spec: Invalid value: "object": immutable',
    ],
    [
      { rule: "self.max > 0" },
      {},
      undefined,
      'spec: Invalid value: "object": No such key: max evaluating rule: failed rule: self.max > 0',
    ],
  ])("%j break for %j", (rule, value, old, text) => {
    expect(judge(rule, value, old)).toEqual([text]);
  });

  it("that would take too long are not begun", () => {
    const rule = { rule: "self.list.all(a, self.list.all(b, a == b))" };
    const list = Array.from({ length: 5_000 }, () => "x");
    expect(judge(rule, { list })[0]).toContain("running out of cost budget");
  });
});

describe("pruning and defaulting", () => {
  const schema: JSONSchemaProps = {
    type: "object",
    properties: {
      spec: {
        type: "object",
        properties: {
          a: { type: "string", default: "x" },
          n: { type: "string", nullable: true, default: "y" },
          nested: {
            type: "object",
            default: {},
            properties: { b: { type: "integer", default: 1 } },
          },
          list: {
            type: "array",
            items: { type: "object", properties: { c: { type: "boolean", default: true } } },
          },
          map: {
            type: "object",
            additionalProperties: { type: "object", properties: { d: { type: "string" } } },
          },
          raw: {
            type: "object",
            "x-kubernetes-preserve-unknown-fields": true,
            properties: { e: { type: "object" } },
          },
          object: {
            type: "object",
            "x-kubernetes-embedded-resource": true,
            "x-kubernetes-preserve-unknown-fields": true,
          },
        },
      },
    },
  };

  it("leave what the schema names", () => {
    const object = { kind: "Pod", apiVersion: "v1", metadata: { name: "x", odd: 1 }, spec: {} };
    const trail = { path: [], unknown: [] as string[] };
    const pruned = pruningDecoder(schema)(
      {
        apiVersion: "example.com/v1",
        kind: "Widget",
        metadata: { name: "w", odd: 1 },
        spec: {
          odd: 1,
          __proto__: 1,
          list: [{ odd: 1 }],
          map: { one: { d: "1", odd: 1 } },
          raw: { any: { thing: 1 }, e: { odd: 1 } },
          object,
        },
        odd: 1,
      },
      trail,
    );
    expect(pruned).toEqual({
      apiVersion: "example.com/v1",
      kind: "Widget",
      metadata: { name: "w" },
      spec: {
        list: [{}],
        map: { one: { d: "1" } },
        raw: { any: { thing: 1 }, e: {} },
        object: { ...object, metadata: { name: "x" } },
      },
    });
    expect(trail.unknown).toEqual([
      "metadata.odd",
      "spec.odd",
      "spec.list[0].odd",
      "spec.map.one.odd",
      "spec.raw.e.odd",
      "spec.object.metadata.odd",
      "odd",
    ]);
  });

  it("fill in what is absent, or null where nothing may be", () => {
    const object = { spec: { a: null, n: null, list: [{}, { c: false }] } };
    applyDefaults(object, schema);
    expect(object).toEqual({
      spec: { a: "x", n: null, nested: { b: 1 }, list: [{ c: true }, { c: false }] },
    });
  });
});

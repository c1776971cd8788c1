import type { JSONSchemaProps } from "@kubehop/api";
import { describe, expect, it } from "vitest";
import { schemaCauses } from "./schema-rules.ts";

function texts(schema: JSONSchemaProps): string[] {
  return schemaCauses(schema, "s").map(({ field, message }) => `${field}: ${message}`);
}

/** A schema with one field. */
function field(schema: JSONSchemaProps): JSONSchemaProps {
  return { type: "object", properties: { f: schema } };
}

describe("a structural schema", () => {
  it.each<JSONSchemaProps>([
    { type: "object" },
    { type: "object", "x-kubernetes-preserve-unknown-fields": true },
    field({ "x-kubernetes-int-or-string": true, anyOf: [{ type: "integer" }, { type: "string" }] }),
    field({ type: "object", additionalProperties: { type: "string" } }),
    field({ type: "array", items: { type: "string" }, "x-kubernetes-list-type": "set" }),
    field({ type: "string", pattern: "^(a|b)+$", default: "ab" }),
    field({ type: "integer", allOf: [{ minimum: 1 }], not: { enum: [7] } }),
    field({
      type: "object",
      "x-kubernetes-embedded-resource": true,
      properties: { spec: { type: "object" } },
    }),
    {
      type: "object",
      properties: {
        metadata: { type: "object", properties: { name: { type: "string", maxLength: 5 } } },
      },
    },
  ])("%j is one", (schema) => {
    expect(texts(schema)).toEqual([]);
  });
});

describe("what is none", () => {
  it.each<[JSONSchemaProps, string]>([
    [{}, "s.type: Required value: must not be empty at the root"],
    [{ type: "string" }, 's.type: Invalid value: "string": must be object at the root'],
    [
      field({}),
      "s.properties[f].type: Required value: must not be empty for specified object fields",
    ],
    [
      field({ type: "array", items: {} }),
      "s.properties[f].items.type: Required value: must not be empty for specified array items",
    ],
    [field({ type: "array" }), "s.properties[f].items: Required value: must be specified"],
    [
      field({ type: "text" }),
      's.properties[f].type: Unsupported value: "text": supported values: "array", "boolean", ' +
        '"integer", "number", "object", "string"',
    ],
    [{ type: "object", $ref: "#/x" }, "s.$ref: Forbidden: $ref is not supported"],
    [
      field({ type: "object", additionalProperties: false }),
      "s.properties[f].additionalProperties: Forbidden: additionalProperties cannot be set to false",
    ],
    [
      field({ type: "object", additionalProperties: true, properties: {} }),
      "s.properties[f].additionalProperties: Forbidden: additionalProperties and properties are mutual exclusive",
    ],
    [
      { type: "object", additionalProperties: { type: "string" } },
      "s.additionalProperties: Forbidden: must not be used at the root",
    ],
    [
      field({ type: "array", items: { type: "string" }, uniqueItems: true }),
      "s.properties[f].uniqueItems: Forbidden: uniqueItems cannot be set to true since the runtime complexity becomes quadratic",
    ],
    [
      field({ type: "array", items: { type: "object" }, "x-kubernetes-list-type": "map" }),
      "s.properties[f].x-kubernetes-list-map-keys: Required value: must not be empty if x-kubernetes-list-type is map",
    ],
    [
      field({ type: "string", "x-kubernetes-list-type": "set" }),
      's.properties[f].type: Invalid value: "string": must be array if x-kubernetes-list-type is specified',
    ],
    [
      field({ type: "object", "x-kubernetes-preserve-unknown-fields": false }),
      "s.properties[f].x-kubernetes-preserve-unknown-fields: Invalid value: false: must be true or undefined",
    ],
    [
      field({ type: "integer", anyOf: [{ type: "integer" }] }),
      "s.properties[f].anyOf[0].type: Forbidden: must be empty to be structural",
    ],
    [
      field({ type: "object", allOf: [{ properties: { g: { minLength: 1 } } }] }),
      "s.properties[f].properties[g]: Required value: because it is defined in s.properties[f].allOf[0].properties[g]",
    ],
    [
      {
        type: "object",
        properties: { metadata: { type: "object", properties: { labels: { type: "object" } } } },
      },
      "s.properties[metadata]: Forbidden: must not specify anything other than name and generateName, but metadata is implicitly specified",
    ],
    [
      field({ type: "integer", default: "one" }),
      's.properties[f].default: Invalid value: "string": s.properties[f].default in body must be of type integer: "string"',
    ],
    [
      field({ type: "object", default: { g: 1 } }),
      's.properties[f].default: Invalid value: {"g":1}: must not have unknown fields',
    ],
  ])("%j", (schema, text) => {
    expect(texts(schema)).toContain(text);
  });

  it("a pattern that is no regular expression of Go", () => {
    const [text] = texts(field({ type: "string", pattern: "(?=a)b" }));
    expect(text).toMatch(
      /^s\.properties\[f\]\.pattern: Invalid value: .* must be a valid regular expression, but isn't: /,
    );
  });

  it.each([
    ["self.a >", /compilation failed/],
    ["self.isURL()", /compilation failed: found no matching overload/],
    ["1 + 1", /must evaluate to a bool/],
    ["unknown == 1", /Unknown variable: unknown/],
    ["", /rule is not specified/],
  ])("the rule %j", (rule, message) => {
    const [text = ""] = texts({ type: "object", "x-kubernetes-validations": [{ rule }] });
    expect(text).toMatch(/^s\.x-kubernetes-validations\[0\]\.rule: /);
    expect(text).toMatch(message);
  });
});

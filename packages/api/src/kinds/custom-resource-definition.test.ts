import { expect, test } from "vitest";
import { decodeObject } from "../decode.ts";
import { Kinds } from "./index.ts";

function definition(openAPIV3Schema: object): object {
  const versions = [{ name: "v1", served: true, storage: true, schema: { openAPIV3Schema } }];
  return { metadata: { name: "widgets.example.com" }, spec: { versions } };
}

test("schemas inside schemas are read, and their unknown fields are told", () => {
  const leaf = { type: "object", propertees: {} };
  const schema = { type: "object", properties: { a: { type: "array", items: leaf } } };
  const { unknown } = decodeObject(Kinds.CustomResourceDefinition, definition(schema));
  expect(unknown).toEqual(["spec.versions[0].schema.openAPIV3Schema.properties.items.propertees"]);
});

test.each([
  { additionalProperties: true },
  { additionalProperties: { type: "string" } },
  { items: { type: "string" } },
  { items: [{ type: "string" }] },
  { default: { any: ["thing", 1, false] }, maximum: 1.5, enum: ["a", 1] },
])("%j is kept as it is", (schema) => {
  const { object, unknown } = decodeObject(Kinds.CustomResourceDefinition, definition(schema));
  expect(object.spec.versions?.[0]?.schema?.openAPIV3Schema).toEqual(schema);
  expect(unknown).toEqual([]);
});

test("a value of the wrong JSON type is refused", () => {
  expect(() =>
    decodeObject(Kinds.CustomResourceDefinition, definition({ additionalProperties: 1 })),
  ).toThrow(/cannot unmarshal number into Go struct field/);
  expect(() =>
    decodeObject(Kinds.CustomResourceDefinition, definition({ maximum: "high" })),
  ).toThrow(/cannot unmarshal string into Go struct field .* of type float64/);
});

import fc from "fast-check";
import type { TSchema } from "typebox";
import type { KubeObject } from "../../meta/object-meta.ts";
import { ObjectMetaSchema } from "../../meta/object-meta.ts";
import { createFieldSet, type FieldSet, fieldSetOf } from "../field-set.ts";

/** A kind with a field of every form of ownership. */
export const SAMPLE_SCHEMA: TSchema = {
  type: "object",
  properties: {
    apiVersion: { type: "string" },
    kind: { type: "string" },
    metadata: ObjectMetaSchema,
    spec: {
      type: "object",
      properties: {
        size: { type: "integer" },
        labels: { type: "object", additionalProperties: { type: "string" } },
        selector: {
          type: "object",
          additionalProperties: { type: "string" },
          "x-kubernetes-map-type": "atomic",
        },
        names: { type: "array", items: { type: "string" }, "x-kubernetes-list-type": "set" },
        args: { type: "array", items: { type: "string" } },
        ports: {
          type: "array",
          "x-kubernetes-list-type": "map",
          "x-kubernetes-list-map-keys": ["protocol", "port"],
          items: {
            type: "object",
            properties: {
              port: { type: "integer" },
              protocol: { type: "string", default: "TCP" },
              target: { type: "string" },
            },
          },
        },
        free: { type: "object", "x-kubernetes-preserve-unknown-fields": true },
      },
    },
  },
};

const key = fc.constantFrom("a", "b", "c", "__proto__");
const word = fc.constantFrom("x", "y", "z");
const names = fc.uniqueArray(word, { maxLength: 3 });
const port = fc.record(
  { port: fc.integer({ min: 1, max: 3 }), protocol: fc.constantFrom("TCP", "UDP"), target: word },
  { requiredKeys: ["port"] },
);

/** An object of the sample kind; nothing in it comes twice. */
export const anyObject: fc.Arbitrary<KubeObject> = fc
  .record(
    {
      size: fc.integer({ min: 0, max: 3 }),
      labels: fc.dictionary(key, word, { maxKeys: 3 }),
      selector: fc.dictionary(key, word, { maxKeys: 2 }),
      names,
      args: fc.array(word, { maxLength: 3 }),
      ports: fc.uniqueArray(port, {
        maxLength: 4,
        selector: (one) => `${one.port}/${one.protocol ?? "TCP"}`,
      }),
      free: fc.dictionary(key, fc.oneof(word, fc.dictionary(key, word), fc.array(word))),
    },
    { requiredKeys: [] },
  )
  .map((spec) => sample(spec));

/** An object of the sample kind with this spec. */
export function sample(spec: object, metadata: object = {}): KubeObject {
  return { apiVersion: "v1", kind: "Sample", metadata: { name: "sample", ...metadata }, spec };
}

const element = fc.constantFrom("f:a", "f:b", 'k:{"port":80}', 'v:"x"', "i:0");

/** A set of paths. */
export const anySet: fc.Arbitrary<FieldSet> = fc
  .array(fc.array(element, { minLength: 1, maxLength: 3 }), { maxLength: 6 })
  .map((paths) => (paths.length === 0 ? createFieldSet() : fieldSetOf(...paths)));

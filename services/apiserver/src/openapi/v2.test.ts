import { Kinds } from "@kubehop/api";
import { describe, expect, test } from "vitest";
import { fieldsIn, readFields, type WireField } from "../protobuf/wire.ts";
import { encodeDocumentV2 } from "./v2-protobuf.ts";
import { documentV2 } from "./v2.ts";

const document = documentV2(Object.values(Kinds), "v1.32.0");

describe("the document of version 2", () => {
  test("has each kind's paths, with parameters of version 2", () => {
    const path = "/api/v1/namespaces/{namespace}/services";
    expect(document.paths[path]).toMatchObject({
      get: { "x-kubernetes-action": "list" },
      post: {
        parameters: expect.arrayContaining([
          {
            name: "body",
            in: "body",
            required: true,
            schema: { $ref: "#/definitions/io.k8s.api.core.v1.Service" },
          },
          { name: "fieldValidation", in: "query", type: "string" },
          { name: "namespace", in: "path", required: true, type: "string" },
        ]),
      },
    });
    expect(Object.keys(document.paths[`${path}/{name}/status`] ?? {})).toEqual([
      "get",
      "patch",
      "put",
    ]);
  });

  test("says nothing that version 2 has no words for", () => {
    const text = JSON.stringify(document.definitions);
    expect(/"(?:anyOf|oneOf|allOf)":\[/.exec(text)).toBeNull();
    const port = document.definitions["io.k8s.api.core.v1.ServicePort"];
    expect(port?.["properties"]).toMatchObject({
      targetPort: { $ref: "#/definitions/io.k8s.apimachinery.pkg.util.intstr.IntOrString" },
    });
  });

  test("refers to nothing that is not in it", () => {
    const text = JSON.stringify(document);
    const names = new Set([...text.matchAll(/"#\/definitions\/([^"]+)"/g)].map(([, name]) => name));
    expect([...names].filter((name) => !Object.hasOwn(document.definitions, name ?? ""))).toEqual(
      [],
    );
    expect(text).not.toContain("#/components");
  });
});

describe("the same as protobuf", () => {
  /** Follows field numbers into a message; of a repeated field all are followed. */
  function at(fields: Iterable<WireField>, [number, ...path]: readonly number[]): WireField[] {
    const found = [...fields].filter((field) => field.number === number);
    return path.length === 0 ? found : found.flatMap((field) => at(fieldsIn(field), path));
  }
  const bytes = encodeDocumentV2(document);
  const texts = (...path: number[]): string[] =>
    at(readFields(bytes, { left: 1_000_000 }), path).map((field) => String(field.bytes));

  test("has the version, every definition and every path", () => {
    expect(texts(1)).toEqual(["2.0"]);
    expect(texts(9, 1, 1)).toEqual(Object.keys(document.definitions));
    expect(texts(8, 2, 1)).toEqual(Object.keys(document.paths));
  });

  test("carries kinds as vendor extensions in YAML", () => {
    expect(texts(9, 1, 2, 31, 1)).toContain("x-kubernetes-group-version-kind");
    expect(texts(9, 1, 2, 31, 2, 2)).toContain(
      '[{"group":"apps","version":"v1","kind":"Deployment"}]',
    );
  });

  test("carries the fields of structs with their types", () => {
    expect(texts(9, 1, 2, 25, 1, 1)).toContain("sessionAffinity");
    expect(new Set(texts(9, 1, 2, 25, 1, 2, 22, 1))).toEqual(
      new Set(["string", "integer", "number", "boolean", "object", "array"]),
    );
  });
});

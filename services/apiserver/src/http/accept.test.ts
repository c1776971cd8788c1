import { describe, expect, it } from "vitest";
import { parseAccept } from "./accept.ts";

const TABLES = ["Table", "PartialObjectMetadata", "PartialObjectMetadataList"];

describe("parseAccept", () => {
  it.each([
    [undefined, { format: "json" }],
    ["application/json, */*;q=0.8", { format: "json" }],
    ["application/vnd.kubernetes.protobuf,application/json", { format: "json" }],
    ["application/vnd.kubernetes.protobuf, */*", { format: "json" }],
    ["application/yaml", { format: "yaml" }],
    ["application/json;q=0.1, application/yaml", { format: "yaml" }],
    [
      "application/json;as=Table;v=v1;g=meta.k8s.io,application/json",
      { format: "json", as: "Table", version: "v1" },
    ],
    [
      "application/json;as=Table;v=v1;g=meta.k8s.io, application/json",
      { format: "json", as: "Table", version: "v1" },
    ],
    ["application/json;as=Nonsense;v=v1;g=meta.k8s.io,application/json", { format: "json" }],
    ["application/json;as=Table;v=v9;g=meta.k8s.io,*/*", { format: "json" }],
  ])("%s", (header, expected) => {
    expect(parseAccept(header, TABLES)).toEqual(expected);
  });

  it.each(["text/html", "application/vnd.kubernetes.protobuf", "application/json;q=0"])(
    "%s cannot be served",
    (header) => {
      expect(() => parseAccept(header, TABLES)).toThrow("media types");
    },
  );
});

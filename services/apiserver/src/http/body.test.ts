import { describe, expect, it } from "vitest";
import { decodeBody } from "./body.ts";

describe("decodeBody", () => {
  it("reads YAML with very many keys", () => {
    const lines = Array.from({ length: 7_000 }, (_, index) => `key${index}: value`);
    const value = decodeBody("application/yaml", Buffer.from(lines.join("\n")));
    expect(Object.keys(value as object)).toHaveLength(7_000);
  });

  it.each([
    ["application/json", '{"a":[1,{"b":"]}"}]}', { a: [1, { b: "]}" }] }],
    ["application/json", `["${",".repeat(200_000)}\\"[,"]`, [`${",".repeat(200_000)}"[,`]],
    [undefined, "{}", {}],
    ["application/json; charset=utf-8", "{}", {}],
    ["application/yaml", "a:\n- b: c\n", { a: [{ b: "c" }] }],
  ])("%s %s", (contentType, text, value) => {
    expect(decodeBody(contentType, Buffer.from(text))).toEqual(value);
  });

  it.each([
    ["application/json", "", "no body"],
    ["application/json", "{", "not valid JSON"],
    ["application/json", "[".repeat(2_000), "nesting depth"],
    ["application/json", '{"a":'.repeat(2_000), "nesting depth"],
    ["application/yaml", "a: [", "not valid YAML"],
    ["application/json", `[${"1,".repeat(20_000)}1]`, "limit is 100000 values"],
    ["application/json", `[${`[${"1,".repeat(9_999)}1],`.repeat(11)}1]`, "limit is 100000 values"],
    ["application/yaml", `${"- ".repeat(60_000)}x`, "nesting depth"],
    ["application/yaml", "#\n".repeat(70_000), "limit is 131072"],
    ["application/vnd.kubernetes.protobuf", "k8s\0", "accepted media types include"],
  ])("%s: malformed", (contentType, text, message) => {
    expect(() => decodeBody(contentType, Buffer.from(text))).toThrow(message);
  });
});

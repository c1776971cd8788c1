import { describe, expect, it } from "vitest";
import { describeManifest, describeProblem } from "./manifest.ts";
import { parseManifests } from "./parse-manifests.ts";

const SERVICE = `# a comment
apiVersion: v1
kind: Service
metadata:
  name: my-api
spec:
  ports:
    - port: 80
---
apiVersion: v1
kind: Namespace
metadata:
  name: other-ns
`;

const problemsOf = (text: string): string[] =>
  parseManifests("f.yaml", text).problems.map(describeProblem);

describe("parseManifests", () => {
  it("reads several documents with their first lines", () => {
    const { manifests, problems } = parseManifests("f.yaml", SERVICE);
    expect(problems).toEqual([]);
    expect(manifests.map(describeManifest)).toEqual([
      "Service default/my-api",
      "Namespace other-ns",
    ]);
    expect(manifests.map(({ source }) => source.line)).toEqual([2, 10]);
  });

  it("passes over empty documents", () => {
    expect(parseManifests("f.yaml", "---\n# nothing\n---\n")).toEqual({
      manifests: [],
      problems: [],
    });
    expect(parseManifests("f.yaml", "")).toEqual({ manifests: [], problems: [] });
  });

  it("reads JSON and lists", () => {
    const list = {
      apiVersion: "v1",
      kind: "List",
      items: ["a", "b"].map((name) => ({
        apiVersion: "v1",
        kind: "ConfigMap",
        metadata: { name },
      })),
    };
    const { manifests } = parseManifests("f.json", JSON.stringify(list));
    expect(manifests.map(describeManifest)).toEqual(["ConfigMap default/a", "ConfigMap default/b"]);
  });

  it.each([
    [
      "a wrong indent",
      "apiVersion: v1\nkind: Service\n metadata: {}\n",
      "f.yaml:2:7: Nested mappings are not allowed in compact mappings",
    ],
    [
      "a list at the top",
      "- a\n",
      "f.yaml:1:1: this is no object; write apiVersion, kind and metadata",
    ],
    [
      "no kind",
      "apiVersion: v1\nmetadata: {}\n",
      "f.yaml:1:1: apiVersion and kind must say what this object is",
    ],
    [
      "a kind in the wrong group",
      "apiVersion: v1\nkind: deployment\nmetadata: {name: a}\n",
      'f.yaml:2:1: there is no kind "deployment" in v1; did you mean Deployment in apps/v1?',
    ],
    [
      "an unknown kind",
      "apiVersion: v1\nkind: Gateway\n",
      /f\.yaml:2:1: there is no kind "Gateway" in v1; kubehop has .*Service/,
    ],
    [
      "no name",
      "apiVersion: v1\nkind: ConfigMap\n",
      "f.yaml:1:1: this ConfigMap has no metadata.name",
    ],
    [
      "an unknown field in a list",
      "apiVersion: v1\nkind: Service\nmetadata: {name: a}\nspec:\n  ports:\n    - port: 1\n    - port: 2\n      prot: TCP\n",
      'f.yaml:8:7: Service has no field "spec.ports[1].prot"',
    ],
    [
      "a wrong type in a list",
      "apiVersion: v1\nkind: Service\nmetadata: {name: a}\nspec:\n  ports:\n    - name: x\n    - port: eighty\n",
      /^f\.yaml:7:7: Service in version "v1" cannot be handled as a Service: json: cannot unmarshal string .* of type int32$/,
    ],
  ])("places %s", (_title, text, expected) => {
    const problems = problemsOf(text);
    expect(problems).toHaveLength(1);
    if (typeof expected === "string") expect(problems[0]).toBe(expected);
    else expect(problems[0]).toMatch(expected);
  });

  it("lists the problems of all documents, and keeps the good ones", () => {
    const { manifests, problems } = parseManifests(
      "f.yaml",
      `${SERVICE}---\nkind: [\n---\nfoo: 1\n`,
    );
    expect(manifests).toHaveLength(2);
    expect(problems.length).toBeGreaterThanOrEqual(2);
  });
});

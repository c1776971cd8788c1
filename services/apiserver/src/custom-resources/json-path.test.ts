import { expect, it } from "vitest";
import { parseJsonPath, withValueAt } from "./json-path.ts";

const object = {
  metadata: { annotations: { "a.b/c": "dotted" } },
  spec: {
    replicas: 3,
    ports: [
      { name: "http", port: 80 },
      { name: "dns", port: 53 },
    ],
  },
  status: {
    conditions: [
      { type: "Ready", status: "True" },
      { type: "Other", status: "False" },
    ],
  },
};

it.each([
  [".spec.replicas", [3]],
  [".spec.absent", []],
  [".spec.replicas.deeper", []],
  [".spec.ports[0].name", ["http"]],
  [".spec.ports[-1].name", ["dns"]],
  [".spec.ports[7].name", []],
  [".spec.ports[*].port", [80, 53]],
  ['.status.conditions[?(@.type=="Ready")].status', ["True"]],
  [".status.conditions[?(@.type=='Other')].status", ["False"]],
  [".spec.ports[?(@.port==53)].name", ["dns"]],
  [".metadata.annotations['a.b/c']", ["dotted"]],
  [".metadata.annotations.a\\.b/c", ["dotted"]],
  [".constructor", []],
])("%s finds %j", (path, values) => {
  expect(parseJsonPath(path)?.find(object)).toEqual(values);
});

it.each(["", "spec", ".spec.", ".spec[", ".spec[?(@.a)]", "..a", ".a[x]"])(
  "%j is no path",
  (path) => {
    expect(parseJsonPath(path)).toBeUndefined();
  },
);

it("a path of fields alone can be written to", () => {
  expect(parseJsonPath(".spec.replicas")?.fields).toEqual(["spec", "replicas"]);
  expect(parseJsonPath(".spec.ports[0]")?.fields).toBeUndefined();
  const changed = withValueAt({ spec: { other: 1 } }, ["spec", "replicas"], 2);
  expect(changed).toEqual({ spec: { other: 1, replicas: 2 } });
  expect(withValueAt(undefined, ["spec", "replicas"], 2)).toEqual({ spec: { replicas: 2 } });
});

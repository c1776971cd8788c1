import { describe, expect, it } from "vitest";
import { parseManifest } from "./manifest.ts";

const GOOD = `# two pods
apiVersion: v1
kind: Pod
metadata:
  name: my-api
  labels: {app: my-api}
  annotations:
    kubehop.dev/ip: 10.244.1.21
spec:
  containers:
    - name: app
      image: shop:1
      readinessProbe:
        httpGet: {port: 8080, path: /ready}
---
apiVersion: v1
kind: Pod
metadata: {name: db, namespace: back, annotations: {kubehop.dev/ip: "10.244.1.22, fd00::2"}}
spec: {containers: [{name: app}]}
---
`;

function problemsOf(text: string): string[] {
  return parseManifest("/m/pods.yaml", text).problems.map(({ message }) => message);
}

describe("parseManifest", () => {
  it("reads pods and where they can be reached", () => {
    const { pods, problems } = parseManifest("/m/pods.yaml", GOOD);
    expect(problems).toEqual([]);
    expect(pods).toMatchObject([
      { pod: { metadata: { name: "my-api" } }, ips: ["10.244.1.21"], origin: "/m/pods.yaml:3" },
      {
        pod: { metadata: { name: "db" } },
        ips: ["10.244.1.22", "fd00::2"],
        origin: "/m/pods.yaml:17",
      },
    ]);
  });

  it("reads JSON, and nothing from an empty file", () => {
    const pod = {
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name: "a", annotations: { "kubehop.dev/ip": "10.0.0.1" } },
      spec: { containers: [{ name: "app" }] },
    };
    expect(parseManifest("/m/a.json", JSON.stringify(pod)).pods).toHaveLength(1);
    expect(parseManifest("/m/empty.yaml", "")).toEqual({ pods: [], problems: [] });
  });

  it.each<[title: string, edit: [string, string], message: string]>([
    [
      "another version",
      ["apiVersion: v1", "apiVersion: v2"],
      '2: apiVersion: must be v1, not "v2"',
    ],
    ["another kind", ["kind: Pod", "kind: Job"], '3: kind: must be Pod, not "Job"'],
    ["a bad name", ["name: my-api", "name: My_api"], "5: metadata.name: must be the name of a Pod"],
    ["no address", ["kubehop.dev/ip: 10.244.1.21", "x: y"], "; it is missing"],
    [
      "a bad address",
      ["10.244.1.21", "10.244.1.421"],
      "8: metadata.annotations[kubehop.dev/ip]: must be the address the pod can be reached at",
    ],
    ["a bad container", ["name: app", "name: A"], "11: spec.containers[0].name: must be the name"],
    [
      "a probe that needs a runtime",
      ["httpGet: {port: 8080, path: /ready}", "exec: {command: [x]}"],
      "14: spec.containers[0].readinessProbe: needs httpGet or tcpSocket",
    ],
    ["wrong YAML", ["labels: {app: my-api}", "labels: {app: my-api"], "/m/pods.yaml:"],
  ])("tells file, line and field of %s", (_title, [from, to], message) => {
    const [first = ""] = problemsOf(GOOD.replace(from, to));
    expect(first).toMatch(/^\/m\/pods\.yaml:\d+: /);
    expect(first).toContain(message);
  });

  it.each([
    "[]",
    "a: b",
    "null",
    "- x",
    "apiVersion: v1\nkind: Pod",
    "\t",
    "{",
    "&a [*a]",
    "apiVersion: &a [*a]",
  ])("never throws: %j", (text) => {
    expect(parseManifest("/m/x.yaml", text).pods).toEqual([]);
  });

  it("tells of missing containers and metadata", () => {
    expect(problemsOf("apiVersion: v1\nkind: Pod")).toEqual([
      "/m/pods.yaml:1: metadata: is needed, with a name",
      "/m/pods.yaml:1: spec.containers: needs at least one container",
    ]);
  });
});

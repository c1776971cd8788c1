import { describe, expect, test } from "vitest";
import { titleOf } from "../schema.ts";
import { BodyKinds } from "./bodies.ts";
import { kindByPlural, kindOf, Kinds } from "./index.ts";
import { apiVersionOf, type Kind } from "./kind.ts";

const kinds: Kind[] = Object.values(Kinds);

describe("the table", () => {
  test.each(Object.entries(Kinds))("%s is found by name and by path", (name, kind) => {
    expect(kind.kind).toBe(name);
    expect(kind.singular).toBe(name.toLowerCase());
    expect(titleOf(kind.schema)).toBe(name);
    expect(kindOf(apiVersionOf(kind), kind.kind)).toBe(kind);
    expect(kindByPlural(kind.group, kind.version, kind.plural)).toBe(kind);
  });

  test("no two kinds share a resource or a short name", () => {
    const resources = kinds.map(({ group, plural }) => `${plural}.${group}`);
    expect(new Set(resources).size).toBe(kinds.length);
    const shortNames = kinds.flatMap((kind) => kind.shortNames);
    expect(new Set(shortNames).size).toBe(shortNames.length);
  });

  test("unknown kinds are not found", () => {
    expect(kindOf("v1", "Deployment")).toBeUndefined();
    expect(kindByPlural("apps", "v1", "services")).toBeUndefined();
  });

  test("says what upstream says", () => {
    const names = (filter: (kind: Kind) => boolean): string[] =>
      kinds.filter(filter).map((kind) => kind.kind);
    expect(names((kind) => !kind.namespaced)).toEqual([
      "Namespace",
      "Node",
      "IPAddress",
      "ServiceCIDR",
      "IngressClass",
      "ClusterRole",
      "ClusterRoleBinding",
      "CustomResourceDefinition",
    ]);
    expect(names((kind) => kind.categories.includes("all"))).toEqual([
      "Pod",
      "Service",
      "Deployment",
      "ReplicaSet",
      "StatefulSet",
      "DaemonSet",
      "ReplicationController",
      "Job",
      "CronJob",
      "HorizontalPodAutoscaler",
    ]);
    expect(names((kind) => kind.scale)).toEqual([
      "Deployment",
      "ReplicaSet",
      "StatefulSet",
      "ReplicationController",
    ]);
    expect(names((kind) => kind.generation)).toEqual([
      "EndpointSlice",
      "Deployment",
      "ReplicaSet",
      "StatefulSet",
      "DaemonSet",
      "ReplicationController",
      "Job",
      "CronJob",
      "PodDisruptionBudget",
      "Ingress",
      "IngressClass",
      "NetworkPolicy",
      "CustomResourceDefinition",
    ]);
    expect(names((kind) => kind.status)).toEqual([
      "Namespace",
      "Node",
      "Pod",
      "Service",
      "Deployment",
      "ReplicaSet",
      "StatefulSet",
      "ServiceCIDR",
      "DaemonSet",
      "ReplicationController",
      "Job",
      "CronJob",
      "HorizontalPodAutoscaler",
      "PodDisruptionBudget",
      "Ingress",
      "CustomResourceDefinition",
    ]);
    expect(apiVersionOf(Kinds.EndpointSlice)).toBe("discovery.k8s.io/v1");
    expect(apiVersionOf(Kinds.Pod)).toBe("v1");
  });
});

test("bodies of subresources", () => {
  const all = Object.entries(BodyKinds).map(([name, body]) => [
    name,
    body.kind,
    apiVersionOf(body),
  ]);
  expect(all).toEqual([
    ["Scale", "Scale", "autoscaling/v1"],
    ["Binding", "Binding", "v1"],
    ["Eviction", "Eviction", "policy/v1"],
    ["TokenRequest", "TokenRequest", "authentication.k8s.io/v1"],
    ["DeleteOptions", "DeleteOptions", "v1"],
  ]);
});

interface Node {
  properties?: Record<string, Node>;
  items?: Node;
  additionalProperties?: Node;
  required?: string[];
  [extension: `x-${string}`]: unknown;
}

/** Every schema in a schema, with the path to it. */
function* walk(schema: Node, path: string): Iterable<[string, Node]> {
  yield [path, schema];
  for (const [name, field] of Object.entries(schema.properties ?? {})) {
    yield* walk(field, `${path}.${name}`);
  }
  if (schema.items !== undefined) yield* walk(schema.items, `${path}[]`);
  if (schema.additionalProperties !== undefined)
    yield* walk(schema.additionalProperties, `${path}{}`);
}

describe.each(kinds.map((kind) => [kind.kind, kind.schema as Node] as const))(
  "schema of %s",
  (name, schema) => {
    const nodes = [...walk(schema, name)];

    test("begins with apiVersion, kind and metadata", () => {
      expect(Object.keys(schema.properties ?? {}).slice(0, 3)).toEqual([
        "apiVersion",
        "kind",
        "metadata",
      ]);
    });

    test("merge and map keys are fields of the items", () => {
      const missing = nodes.flatMap(([path, node]) => {
        const fields = Object.keys(node.items?.properties ?? {});
        const keys = [
          ...((node["x-kubernetes-list-map-keys"] ?? []) as string[]),
          node["x-kubernetes-patch-merge-key"] as string | undefined,
        ];
        const unknown = keys.filter((key) => key !== undefined && !fields.includes(key));
        return fields.length === 0 || unknown.length === 0 ? [] : [path];
      });
      expect(missing).toEqual([]);
    });

    test("a list that merges objects has a merge key", () => {
      const keyless = nodes.filter(([, node]) => {
        const strategy = (node["x-kubernetes-patch-strategy"] ?? "") as string;
        const merges = node.items?.properties !== undefined && strategy.includes("merge");
        return merges && node["x-kubernetes-patch-merge-key"] === undefined;
      });
      expect(keyless.map(([path]) => path)).toEqual([]);
    });

    test("required fields exist", () => {
      const missing = nodes.flatMap(([path, node]) =>
        (node.required ?? [])
          .filter((field) => node.properties?.[field] === undefined)
          .map((field) => `${path}.${field}`),
      );
      expect(missing).toEqual([]);
    });
  },
);

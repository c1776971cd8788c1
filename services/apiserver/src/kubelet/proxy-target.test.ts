import { Kinds, type KubeObject, registryKey } from "@kubehop/api";
import { describe, expect, it } from "vitest";
import { createEntry, encodeObject } from "../storage/entry.ts";
import { createWatchCache, type WatchCache } from "../watch/cache.ts";
import { locateProxyTarget, type ProxyRequest, splitName } from "./proxy-target.ts";

it.each([
  ["web", { scheme: "", name: "web", port: "" }],
  ["web:80", { scheme: "", name: "web", port: "80" }],
  ["web:", { scheme: "", name: "web", port: "" }],
  ["https:web", { scheme: "https", name: "web", port: "" }],
  ["https:web:", { scheme: "https", name: "web", port: "" }],
  ["http:web:http", { scheme: "http", name: "web", port: "http" }],
  [":web:80", { scheme: "", name: "web", port: "80" }],
  ["a:b:c:d", undefined],
  ["", undefined],
])("%j is read as %j", (text, parts) => {
  expect(splitName(text)).toEqual(parts);
});

const objects: readonly KubeObject[] = [
  pod("web", "10.1.2.3", 8080),
  pod("bare", "10.1.2.4"),
  pod("local", "127.0.0.1", 80),
  pod("metadata", "169.254.169.254", 80),
  pod("pending", ""),
  {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name: "svc", namespace: "ns" },
    spec: {
      ports: [
        { name: "http", port: 80 },
        { name: "admin", port: 9000 },
      ],
    },
  },
  {
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    metadata: { name: "svc-1", namespace: "ns", labels: { "kubernetes.io/service-name": "svc" } },
    endpoints: [
      { addresses: ["10.1.2.3"], conditions: { ready: true } },
      { addresses: ["10.1.2.9"], conditions: { ready: false } },
    ],
    ports: [{ name: "http", port: 8080 }],
  },
  {
    apiVersion: "v1",
    kind: "Node",
    metadata: { name: "node-1" },
    status: { addresses: [{ type: "InternalIP", address: "172.31.0.11" }] },
  },
];

describe("locateProxyTarget", () => {
  it.each<[ProxyRequest, string]>([
    [{ plural: "pods", namespace: "ns", name: "web" }, "http://10.1.2.3:8080"],
    [{ plural: "pods", namespace: "ns", name: "https:web:9" }, "https://10.1.2.3:9"],
    [{ plural: "pods", namespace: "ns", name: "bare" }, "http://10.1.2.4:80"],
    [{ plural: "services", namespace: "ns", name: "svc:http" }, "http://10.1.2.3:8080"],
    [{ plural: "services", namespace: "ns", name: "svc:80" }, "http://10.1.2.3:8080"],
    [{ plural: "nodes", name: "node-1" }, "https://172.31.0.11:10250 kubelet"],
    [{ plural: "nodes", name: "node-1:10250" }, "https://172.31.0.11:10250 kubelet"],
    [{ plural: "nodes", name: "node-1:10256" }, "http://172.31.0.11:10256"],
  ])("%j is at %s", async (request, expected) => {
    const { scheme, host, port, isKubelet } = await locate(request);
    expect(`${scheme}://${host}:${port}${isKubelet ? " kubelet" : ""}`).toBe(expected);
  });

  it.each<[ProxyRequest, number, string]>([
    [{ plural: "pods", namespace: "ns", name: "a:b:c:d" }, 400, 'invalid pod request "a:b:c:d"'],
    [{ plural: "pods", namespace: "ns", name: "none" }, 404, 'pods "none" not found'],
    [{ plural: "pods", namespace: "ns", name: "local" }, 400, "address not allowed"],
    [{ plural: "pods", namespace: "ns", name: "metadata" }, 400, "address not allowed"],
    [{ plural: "pods", namespace: "ns", name: "pending:80" }, 400, "address not allowed"],
    [{ plural: "pods", namespace: "ns", name: "web:99999" }, 400, 'invalid port "99999"'],
    [
      { plural: "services", namespace: "ns", name: "svc:admin" },
      503,
      'no endpoints available for service "svc"',
    ],
    [
      { plural: "services", namespace: "ns", name: "svc:81" },
      503,
      'no service port 81 found for service "svc"',
    ],
  ])("%j is %i %s", async (request, code, message) => {
    await expect(locate(request)).rejects.toMatchObject({ code, message });
  });
});

function locate(request: ProxyRequest): ReturnType<typeof locateProxyTarget> {
  const cache = filled();
  const find = async (key: string) => cache.get(key);
  return locateProxyTarget({ cache, store: { find }, random: () => 0 }, request);
}

function filled(): WatchCache {
  const cache = createWatchCache({ events: 10, bytes: 1_000 });
  const entries = objects.map((object, index) => {
    const kind = Kinds[object.kind as keyof typeof Kinds];
    const { key, revision, bytes } = createEntry(
      registryKey(kind, object.metadata),
      index + 1,
      encodeObject(object),
    );
    return { key, revision, deleted: false, value: bytes } as const;
  });
  cache.load(entries, entries.length);
  return cache;
}

function pod(name: string, podIP: string, port?: number): KubeObject {
  const ports = port === undefined ? [] : [{ containerPort: port }];
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, namespace: "ns" },
    spec: { containers: [{ name: "main", ports }] },
    status: { podIP },
  };
}

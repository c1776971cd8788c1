import type { EndpointSlice, Service } from "@kubehop/api";
import { describe, expect, it } from "vitest";
import { service, slice } from "../testing/cluster-objects.ts";
import { createServiceEntry, type ServiceEntry } from "./service-entry.ts";
import { trimService, trimSlice } from "./trim.ts";

const SINCE = { "endpoints.kubernetes.io/last-change-trigger-time": "2026-01-01T00:00:00Z" };
const endpoints = [
  {
    addresses: ["10.0.0.1", "10.0.0.2"],
    hostname: "web-0",
    zone: "a",
    nodeName: "node-1",
    conditions: { ready: true, serving: true, terminating: false },
    targetRef: { kind: "Pod", name: "web-0", uid: "1" },
  },
  { addresses: ["10.0.0.3"], conditions: { ready: false } },
  { addresses: ["10.0.0.4"], targetRef: { kind: "Node", name: "node-1" } },
];

/** An entry as plain data. */
function entryOf(object: Service, own: EndpointSlice): Omit<ServiceEntry, "service"> {
  const { service: _, ...entry } = createServiceEntry(
    { namespace: "default", name: "web" },
    object,
    [own],
  );
  return entry;
}

describe("what DNS keeps of objects", () => {
  it.each<[what: string, object: Service]>([
    ["a cluster IP", service("default/web", { clusterIP: "10.96.0.1" })],
    ["two", service("default/web", { clusterIP: "10.96.0.1", clusterIPs: ["10.96.0.1", "fd::1"] })],
    ["a headless one", service("default/web", { clusterIP: "None", clusterIPs: ["None"] })],
    ["another name", service("default/web", { type: "ExternalName", externalName: "a.example" })],
    ["nothing but a type", { ...service("default/web", {}), spec: { type: "ClusterIP" } }],
  ])("stands for the same names: %s", (_what, object) => {
    const own = slice("default/web", { endpoints, annotations: { ...SINCE, other: "x" } });
    expect(entryOf(trimService(object), trimSlice(own))).toEqual(entryOf(object, own));
    expect(trimService(object).spec.externalName).toBe(object.spec.externalName);
    expect(trimSlice(own).metadata.annotations).toEqual(SINCE);
  });

  it("forgets what pods a Service selects, not that it does", () => {
    const selecting = service("default/web", { selector: { app: "web" } });
    expect(trimService(selecting).spec.selector).toEqual({});
    expect(trimService(service("default/web", {})).spec.selector).toBeUndefined();
  });
});

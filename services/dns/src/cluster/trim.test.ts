import type { EndpointSlice, Service } from "@kubehop/api";
import { describe, expect, it } from "vitest";
import { service, slice } from "../testing/cluster-objects.ts";
import { createServiceEntry } from "./service-entry.ts";
import { trimService, trimSlice } from "./trim.ts";

const SINCE = { "endpoints.kubernetes.io/last-change-trigger-time": "2026-01-01T00:00:00Z" };
const KEY = { namespace: "default", name: "web" };

describe("what DNS keeps of Services", () => {
  it.each<[what: string, object: Service]>([
    ["a cluster IP", service("default/web", { clusterIP: "10.96.0.1" })],
    ["two", service("default/web", { clusterIP: "10.96.0.1", clusterIPs: ["10.96.0.1", "fd::1"] })],
    ["a headless one", service("default/web", { clusterIP: "None", clusterIPs: ["None"] })],
    ["another name", service("default/web", { type: "ExternalName", externalName: "a.example" })],
    ["nothing but a type", { ...service("default/web", {}), spec: { type: "ClusterIP" } }],
  ])("stands for the same names: %s", (_what, object) => {
    const { service: _, ...whole } = createServiceEntry(KEY, object, []);
    expect(createServiceEntry(KEY, trimService(object), [])).toMatchObject(whole);
    expect(trimService(object).spec.externalName).toBe(object.spec.externalName);
  });

  it("is not what pods a Service selects, but that it does", () => {
    const selecting = service("default/web", { selector: { app: "web" } });
    expect(trimService(selecting).spec.selector).toEqual({});
    expect(trimService(service("default/web", {})).spec.selector).toBeUndefined();
  });
});

describe("what DNS keeps of slices", () => {
  const ready = { ready: true, serving: true, terminating: false };
  const targetRef = { kind: "Pod", name: "web-0", uid: "1" };
  const rest = { hostname: "", zone: "", podName: "" };

  it.each<[what: string, endpoint: EndpointSlice["endpoints"][number], kept: readonly object[]]>([
    [
      "each address of an endpoint",
      { addresses: ["10.0.0.1", "10.0.0.2"], conditions: ready },
      [
        { ...rest, ip: "10.0.0.1" },
        { ...rest, ip: "10.0.0.2" },
      ],
    ],
    [
      "what names are made of",
      { addresses: ["10.0.0.1"], hostname: "web-0", zone: "a", nodeName: "node-1", targetRef },
      [{ ip: "10.0.0.1", hostname: "web-0", zone: "a", podName: "web-0" }],
    ],
    [
      "no name of what is no pod",
      { addresses: ["10.0.0.1"], targetRef: { kind: "Node", name: "node-1" } },
      [{ ...rest, ip: "10.0.0.1" }],
    ],
    ["nothing that is not ready", { addresses: ["10.0.0.1"], conditions: { ready: false } }, []],
    [
      "what is ready, serving or not",
      { addresses: ["10.0.0.1"], conditions: { ready: true, serving: false, terminating: true } },
      [{ ...rest, ip: "10.0.0.1" }],
    ],
  ])("is %s", (_what, endpoint, kept) => {
    expect(trimSlice(slice("default/web", { endpoints: [endpoint] })).addresses).toEqual(kept);
  });

  it("is no name for an address", () => {
    const parts = { endpoints: [{ addresses: ["a.example"] }], addressType: "FQDN" as const };
    expect(trimSlice(slice("default/web", parts)).addresses).toEqual([]);
  });

  it("is one port of any number where a slice has none", () => {
    const [port] = trimSlice(slice("default/web", { endpoints: [], ports: [] })).ports;
    expect(port).toEqual({ name: "", protocol: "", port: -1 });
  });

  it("is when its change began, no other annotation", () => {
    const parts = { endpoints: [], annotations: { ...SINCE, other: "x" } };
    expect(trimSlice(slice("default/web", parts)).metadata.annotations).toEqual(SINCE);
  });
});

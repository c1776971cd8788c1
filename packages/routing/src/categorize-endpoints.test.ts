import { describe, expect, it } from "vitest";
import { categorizeEndpoints } from "./categorize-endpoints.ts";
import type { ServiceEndpoint } from "./service-endpoint.ts";

const NODE = { name: "node-1", zone: "zone-a" };

/** `a` local ready, `b` remote ready, and so on: the first letter of each line names an endpoint. */
const CASES: readonly {
  name: string;
  endpoints: readonly Partial<ServiceEndpoint>[];
  cluster: string[];
  local: string[];
  anywhere?: boolean;
}[] = [
  { name: "nothing", endpoints: [], cluster: [], local: [], anywhere: false },
  {
    name: "ready endpoints, local ones also for Local",
    endpoints: [{ key: "a", local: true }, { key: "b" }],
    cluster: ["a", "b"],
    local: ["a"],
  },
  {
    name: "Local never uses another node's endpoint",
    endpoints: [{ key: "b" }, { key: "c" }],
    cluster: ["b", "c"],
    local: [],
  },
  {
    name: "an endpoint that is not ready is not used beside a ready one",
    endpoints: [{ key: "a", ready: false, serving: true, terminating: true }, { key: "b" }],
    cluster: ["b"],
    local: [],
  },
  {
    name: "serving and terminating ones step in when nobody is ready (KEP-1669)",
    endpoints: [
      { key: "a", ready: false, serving: true, terminating: true, local: true },
      { key: "b", ready: false, serving: true, terminating: true },
    ],
    cluster: ["a", "b"],
    local: ["a"],
  },
  {
    name: "Local falls back to its own terminating endpoint while others are ready elsewhere",
    endpoints: [
      { key: "a", ready: false, serving: true, terminating: true, local: true },
      { key: "b" },
    ],
    cluster: ["b"],
    local: ["a"],
  },
  {
    name: "terminating and not serving is never used",
    endpoints: [{ key: "a", ready: false, serving: false, terminating: true, local: true }],
    cluster: [],
    local: [],
    anywhere: false,
  },
  {
    name: "not ready and not terminating is never used",
    endpoints: [{ key: "a", ready: false, serving: false, local: true }],
    cluster: [],
    local: [],
    anywhere: false,
  },
  {
    name: "a terminating endpoint that is ready (publishNotReadyAddresses) counts as ready",
    endpoints: [{ key: "a", terminating: true }, { key: "b" }],
    cluster: ["a", "b"],
    local: [],
  },
  {
    name: "node hints that name this node win over zone hints",
    endpoints: [
      { key: "a", nodeHints: ["node-1"], zoneHints: ["zone-a"] },
      { key: "b", nodeHints: ["node-2"], zoneHints: ["zone-a"] },
    ],
    cluster: ["a"],
    local: [],
  },
  {
    name: "node hints without this node leave the choice to zone hints",
    endpoints: [
      { key: "a", nodeHints: ["node-2"], zoneHints: ["zone-a"] },
      { key: "b", nodeHints: ["node-3"], zoneHints: ["zone-b"] },
    ],
    cluster: ["a"],
    local: [],
  },
  {
    name: "one endpoint without hints switches hints off",
    endpoints: [{ key: "a", zoneHints: ["zone-a"] }, { key: "b" }],
    cluster: ["a", "b"],
    local: [],
  },
  {
    name: "hints for other zones only are ignored",
    endpoints: [
      { key: "a", zoneHints: ["zone-b"] },
      { key: "b", zoneHints: ["zone-c"] },
    ],
    cluster: ["a", "b"],
    local: [],
  },
  {
    name: "hints of endpoints that are not ready do not count",
    endpoints: [
      { key: "a", zoneHints: ["zone-a"] },
      { key: "b", ready: false, serving: false },
    ],
    cluster: ["a"],
    local: [],
  },
  {
    name: "Local ignores hints",
    endpoints: [
      { key: "a", local: true, zoneHints: ["zone-b"] },
      { key: "b", zoneHints: ["zone-a"] },
    ],
    cluster: ["b"],
    local: ["a"],
  },
  {
    name: "endpoints of weight 0 are listed but are nowhere to be picked",
    endpoints: [{ key: "a", weight: 0, local: true }],
    cluster: ["a"],
    local: ["a"],
    anywhere: false,
  },
];

describe("categorizeEndpoints", () => {
  it.each(CASES)("$name", ({ endpoints, cluster, local, anywhere = true }) => {
    const categories = categorizeEndpoints(endpoints.map(toEndpoint), NODE);
    expect(categories.cluster.map(({ key }) => key)).toEqual(cluster);
    expect(categories.local.map(({ key }) => key)).toEqual(local);
    expect(categories.anywhere).toBe(anywhere);
  });

  it("knows no zone hints on a node without a zone", () => {
    const endpoints = [toEndpoint({ key: "a", zoneHints: ["zone-a"] })];
    expect(categorizeEndpoints(endpoints, { name: "node-1" }).cluster).toEqual(endpoints);
  });
});

function toEndpoint(fields: Partial<ServiceEndpoint>): ServiceEndpoint {
  return {
    key: "a",
    ip: "10.244.1.5",
    port: 8080,
    weight: 1,
    ready: true,
    serving: true,
    terminating: false,
    local: false,
    nodeHints: [],
    zoneHints: [],
    ...fields,
  };
}

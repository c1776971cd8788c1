import type { EndpointSlice, Node, Service, ServiceSpec } from "@kubehop/api";
import { describe, expect, it } from "vitest";
import { createAddressPool } from "./address-pool.ts";
import { backendAddresses, isOurs, planIngress } from "./plan.ts";
import { parseRoutes, planRoutes } from "./routes.ts";

const pool = createAddressPool(["192.0.2.0/29", "2001:db8::/120"]);
const service = (spec: Partial<ServiceSpec> = {}, ip?: string): Service => ({
  apiVersion: "v1",
  kind: "Service",
  metadata: { name: "web", namespace: "default" },
  spec: { type: "LoadBalancer", ports: [{ port: 80 }], ...spec },
  ...(ip !== undefined && { status: { loadBalancer: { ingress: [{ ip }] } } }),
});
const node = (
  name: string,
  address: string,
  status: "True" | "Unknown" = "True",
  labels = {},
): Node => ({
  apiVersion: "v1",
  kind: "Node",
  metadata: { name, labels },
  spec: {},
  status: {
    addresses: [
      { type: "Hostname", address: name },
      { type: "InternalIP", address },
    ],
    conditions: [{ type: "Ready", status }],
  },
});

describe("isOurs", () => {
  it.each([
    [{}, true],
    [{ type: "NodePort" as const }, false],
    [{ loadBalancerClass: "example.com/other" }, false],
  ])("%j: %s", (spec, expected) => expect(isOurs(service(spec))).toBe(expected));

  it("leaves a Service that is being deleted alone", () => {
    const leaving = service();
    leaving.metadata.deletionTimestamp = "2026-01-01T00:00:00Z";
    expect(isOurs(leaving)).toBe(false);
  });
});

describe("planIngress", () => {
  const address = (...ips: string[]) => ({ ingress: ips.map((ip) => ({ ip, ipMode: "VIP" })) });
  const DUAL = { ipFamilies: ["IPv6", "IPv4"] } as const;
  it.each([
    ["the first free one", service(), ["192.0.2.1"], address("192.0.2.2")],
    ["the one it has", service({}, "192.0.2.5"), ["192.0.2.1"], address("192.0.2.5")],
    [
      "another when two have the same",
      service({}, "192.0.2.1"),
      ["192.0.2.1"],
      address("192.0.2.2"),
    ],
    ["another when the pool has changed", service({}, "198.51.100.1"), [], address("192.0.2.1")],
    ["the one it asks for", service({ loadBalancerIP: "192.0.2.4" }), [], address("192.0.2.4")],
    [
      "one a family",
      service({ ipFamilies: [...DUAL.ipFamilies] }),
      [],
      address("2001:db8::1", "192.0.2.1"),
    ],
  ])("gives %s", (_, wanted, taken, expected) => {
    expect(planIngress(wanted, new Set(taken), pool)).toEqual(expected);
  });

  it.each([
    ["198.51.100.1", [], "address 198.51.100.1 is not in the pool of load balancers"],
    ["192.0.2.1", ["192.0.2.1"], "another Service has address 192.0.2.1"],
    [undefined, [1, 2, 3, 4, 5, 6].map((n) => `192.0.2.${n}`), "the pool has no free IPv4 address"],
  ])("says why there is none: %s", (loadBalancerIP, taken, problem) => {
    const wanted = service(loadBalancerIP === undefined ? {} : { loadBalancerIP });
    expect(planIngress(wanted, new Set(taken), pool)).toEqual({ problem });
  });
});

describe("backendAddresses", () => {
  const nodes = [
    node("node-2", "10.0.0.2"),
    node("node-1", "10.0.0.1"),
    node("node-3", "10.0.0.3", "Unknown"),
    node("node-4", "10.0.0.4", "True", {
      "node.kubernetes.io/exclude-from-external-load-balancers": "",
    }),
  ];
  const slices = [
    {
      endpoints: [
        { addresses: ["10.1.0.1"], nodeName: "node-1", conditions: { ready: false } },
        { addresses: ["10.1.0.2"], nodeName: "node-2" },
        { addresses: ["10.1.0.3"], nodeName: "node-3", conditions: { ready: true } },
      ],
    },
  ] as unknown as EndpointSlice[];

  it("are those of ready nodes that are not excluded", () => {
    expect(backendAddresses(service(), nodes, slices)).toEqual(["10.0.0.1", "10.0.0.2"]);
  });

  it("are only those with a ready endpoint when the policy is Local", () => {
    const local = service({ externalTrafficPolicy: "Local" });
    expect(backendAddresses(local, nodes, slices)).toEqual(["10.0.0.2"]);
  });
});

describe("routes", () => {
  const JSON_OF_IP =
    '[{"dst":"192.0.2.1","protocol":"96","flags":[],"nexthops":[' +
    '{"gateway":"10.0.0.2","dev":"fab0","weight":1},{"gateway":"10.0.0.1","dev":"fab0","weight":1}]},' +
    '{"dst":"192.0.2.2","gateway":"10.0.0.1","dev":"fab0","flags":[]}]';

  it("are read from what ip tells", () => {
    expect(parseRoutes(JSON_OF_IP)).toEqual(
      new Map([
        ["192.0.2.1", ["10.0.0.1", "10.0.0.2"]],
        ["192.0.2.2", ["10.0.0.1"]],
      ]),
    );
    expect(parseRoutes("")).toEqual(new Map());
  });

  it("are changed only where they differ", () => {
    const wanted = new Map([
      ["192.0.2.1", ["10.0.0.1", "10.0.0.2"]],
      ["192.0.2.3", ["10.0.0.1", "10.0.0.3"]],
    ]);
    expect(planRoutes(parseRoutes(JSON_OF_IP), wanted)).toEqual([
      "route del 192.0.2.2 proto 96",
      "route replace 192.0.2.3 proto 96 nexthop via 10.0.0.1 nexthop via 10.0.0.3",
    ]);
    expect(planRoutes(wanted, wanted)).toEqual([]);
  });
});

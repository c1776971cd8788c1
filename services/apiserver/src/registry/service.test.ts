import { Kinds, type IPFamily, type Service } from "@kubehop/api";
import { describe, expect, test } from "vitest";
import { created, statusUpdated, type Outcome } from "../testing/strategies.ts";
import { createServiceStrategy } from "./service.ts";

const strategy = createServiceStrategy(["IPv4"]);
const dual = createServiceStrategy(["IPv4", "IPv6"]);
const port = { port: 80 };

function create(spec: object, families: readonly IPFamily[] = ["IPv4"]): Outcome<Service> {
  const manifest = { metadata: { name: "web" }, spec: { ports: [port], ...spec } };
  return created(Kinds.Service, createServiceStrategy(families), manifest);
}

/** A stored Service: created, then given its addresses as the allocators would. */
function stored(spec: object, families: readonly IPFamily[] = ["IPv4"]): Service {
  const { object, causes } = create(spec, families);
  expect(causes).toEqual([]);
  return object;
}

describe("defaults", () => {
  test("a bare Service", () => {
    expect(create({}).object).toEqual({
      apiVersion: "v1",
      kind: "Service",
      metadata: { name: "web" },
      spec: {
        type: "ClusterIP",
        ports: [{ port: 80, protocol: "TCP", targetPort: 80 }],
        sessionAffinity: "None",
        internalTrafficPolicy: "Cluster",
        ipFamilies: ["IPv4"],
        ipFamilyPolicy: "SingleStack",
      },
      status: { loadBalancer: {} },
    });
  });

  test.each<[string, object, object]>([
    ["NodePort", { type: "NodePort" }, { externalTrafficPolicy: "Cluster" }],
    [
      "LoadBalancer",
      { type: "LoadBalancer" },
      { externalTrafficPolicy: "Cluster", allocateLoadBalancerNodePorts: true },
    ],
    ["externalIPs", { externalIPs: ["8.8.8.8"] }, { externalTrafficPolicy: "Cluster" }],
    [
      "ClientIP",
      { sessionAffinity: "ClientIP" },
      { sessionAffinityConfig: { clientIP: { timeoutSeconds: 10_800 } } },
    ],
    [
      "ClientIP with time",
      { sessionAffinity: "ClientIP", sessionAffinityConfig: { clientIP: { timeoutSeconds: 5 } } },
      { sessionAffinityConfig: { clientIP: { timeoutSeconds: 5 } } },
    ],
    ["clusterIP", { clusterIP: "10.96.0.9" }, { clusterIPs: ["10.96.0.9"] }],
    [
      "headless with selector",
      { clusterIP: "None", selector: { a: "b" } },
      { clusterIPs: ["None"], ipFamilies: ["IPv4"], ipFamilyPolicy: "SingleStack" },
    ],
    [
      "headless without selector",
      { clusterIP: "None" },
      { ipFamilies: ["IPv4", "IPv6"], ipFamilyPolicy: "RequireDualStack" },
    ],
    [
      "targetPort 0",
      { ports: [{ port: 80, targetPort: 0, nodePort: 0 }] },
      { ports: [{ port: 80, targetPort: 80, protocol: "TCP" }] },
    ],
    [
      "targetPort by name",
      { ports: [{ port: 80, targetPort: "http" }] },
      { ports: [{ port: 80, targetPort: "http", protocol: "TCP" }] },
    ],
  ])("%s", (_name, spec, expected) => {
    const { object, causes } = create(spec);
    expect(causes).toEqual([]);
    expect(object.spec).toMatchObject(expected);
  });

  test("an ExternalName Service has neither address nor families nor policies", () => {
    const { object, causes } = create({
      type: "ExternalName",
      externalName: "db.example.",
      ports: [],
    });
    expect(causes).toEqual([]);
    expect(object.spec).toEqual({
      type: "ExternalName",
      externalName: "db.example.",
      ports: [],
      sessionAffinity: "None",
    });
  });

  test("session affinity None has no parameters", () => {
    const { object } = create({ sessionAffinityConfig: { clientIP: { timeoutSeconds: 5 } } });
    expect(object.spec).not.toHaveProperty("sessionAffinityConfig");
  });

  test.each<[string, object, IPFamily[]]>([
    ["single", {}, ["IPv4"]],
    ["preferred", { ipFamilyPolicy: "PreferDualStack" }, ["IPv4", "IPv6"]],
    ["required", { ipFamilyPolicy: "RequireDualStack", ipFamilies: ["IPv6"] }, ["IPv6", "IPv4"]],
    ["by address", { clusterIP: "fd00::9" }, ["IPv6"]],
  ])("families on a dual-stack cluster: %s", (_name, spec, families) => {
    const { object, causes } = create(spec, ["IPv4", "IPv6"]);
    expect(causes).toEqual([]);
    expect(object.spec.ipFamilies).toEqual(families);
  });

  test("PreferDualStack on a single-stack cluster gets what there is", () => {
    expect(create({ ipFamilyPolicy: "PreferDualStack" }).object.spec.ipFamilies).toEqual(["IPv4"]);
  });
});

describe("validation", () => {
  test.each<[string, object, string]>([
    ["no ports", { ports: [] }, "spec.ports: Required value"],
    [
      "port 0",
      { ports: [{ port: 0, targetPort: 1 }] },
      "spec.ports[0].port: Invalid value: 0: must be between 1 and 65535, inclusive",
    ],
    [
      "unnamed among several",
      { ports: [{ name: "a", port: 1 }, { port: 2 }] },
      "spec.ports[1].name: Required value",
    ],
    [
      "equal names",
      {
        ports: [
          { name: "a", port: 1 },
          { name: "a", port: 2 },
        ],
      },
      'spec.ports[1].name: Duplicate value: "a"',
    ],
    [
      "equal ports",
      {
        ports: [
          { name: "a", port: 1 },
          { name: "b", port: 1 },
        ],
      },
      'spec.ports[1]: Duplicate value: {"port":1,"protocol":"TCP"}',
    ],
    [
      "equal node ports",
      {
        type: "NodePort",
        ports: [
          { name: "a", port: 1, nodePort: 30_001 },
          { name: "b", port: 2, nodePort: 30_001 },
        ],
      },
      "spec.ports[1].nodePort: Duplicate value: 30001",
    ],
    [
      "nodePort on ClusterIP",
      { ports: [{ port: 80, nodePort: 30_080 }] },
      "spec.ports[0].nodePort: Forbidden: may not be used when `type` is 'ClusterIP'",
    ],
    [
      "protocol",
      { ports: [{ port: 80, protocol: "ICMP" }] },
      'spec.ports[0].protocol: Unsupported value: "ICMP": supported values: "SCTP", "TCP", "UDP"',
    ],
    [
      "targetPort name",
      { ports: [{ port: 80, targetPort: "123" }] },
      'spec.ports[0].targetPort: Invalid value: "123": must contain at least one letter (a-z)',
    ],
    [
      "type",
      { type: "Magic" },
      'spec.type: Unsupported value: "Magic": supported values: "ClusterIP", "ExternalName", "LoadBalancer", "NodePort"',
    ],
    [
      "headless NodePort",
      { type: "NodePort", clusterIP: "None", selector: { a: "b" } },
      "spec.clusterIPs[0]: Invalid value: \"None\": may not be set to 'None' for NodePort services",
    ],
    [
      "headless LoadBalancer",
      { type: "LoadBalancer", clusterIP: "None", selector: { a: "b" } },
      "spec.clusterIPs[0]: Invalid value: \"None\": may not be set to 'None' for LoadBalancer services",
    ],
    [
      "malformed IP",
      { clusterIP: "foo" },
      'spec.clusterIPs[0]: Invalid value: "foo": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)',
    ],
    [
      "leading zero",
      { clusterIP: "10.96.0.010" },
      'spec.clusterIPs[0]: Invalid value: "10.96.0.010": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)',
    ],
    [
      "clusterIPs alone",
      { clusterIPs: ["10.96.0.1"] },
      "spec.clusterIPs: Forbidden: must be empty when `clusterIP` is not specified",
    ],
    [
      "clusterIPs differ",
      { clusterIP: "10.96.0.2", clusterIPs: ["10.96.0.1"] },
      'spec.clusterIPs: Invalid value: []string{"10.96.0.1"}: first value must match `clusterIP`',
    ],
    [
      "ExternalName with IP",
      { type: "ExternalName", externalName: "a.b", clusterIP: "10.96.0.1" },
      "spec.clusterIPs: Forbidden: may not be set for ExternalName services",
    ],
    ["ExternalName without name", { type: "ExternalName" }, "spec.externalName: Required value"],
    [
      "ExternalName with families",
      { type: "ExternalName", externalName: "a.b", ipFamilies: ["IPv4"] },
      "spec.ipFamilies: Forbidden: may not be set for ExternalName services",
    ],
    [
      "affinity",
      { sessionAffinity: "Cookie" },
      'spec.sessionAffinity: Unsupported value: "Cookie": supported values: "ClientIP", "None"',
    ],
    [
      "affinity time",
      {
        sessionAffinity: "ClientIP",
        sessionAffinityConfig: { clientIP: { timeoutSeconds: 86_401 } },
      },
      "spec.sessionAffinityConfig.clientIP.timeoutSeconds: Invalid value: 86401: must be greater than 0 and less than 86400",
    ],
    [
      "external policy on an internal Service",
      { externalTrafficPolicy: "Local" },
      'spec.externalTrafficPolicy: Invalid value: "Local": may only be set for externally-accessible services',
    ],
    [
      "external policy",
      { type: "NodePort", externalTrafficPolicy: "Some" },
      'spec.externalTrafficPolicy: Unsupported value: "Some": supported values: "Cluster", "Local"',
    ],
    [
      "internal policy",
      { internalTrafficPolicy: "x" },
      'spec.internalTrafficPolicy: Unsupported value: "x": supported values: "Cluster", "Local"',
    ],
    [
      "healthCheckNodePort",
      { type: "LoadBalancer", healthCheckNodePort: 30_001 },
      "spec.healthCheckNodePort: Invalid value: 30001: may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'",
    ],
    [
      "source ranges",
      { loadBalancerSourceRanges: ["10.0.0.0/8"] },
      "spec.loadBalancerSourceRanges: Forbidden: may only be used when `type` is 'LoadBalancer'",
    ],
    [
      "bad source range",
      { type: "LoadBalancer", loadBalancerSourceRanges: ["x"] },
      'spec.loadBalancerSourceRanges[0]: Invalid value: "x": must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)',
    ],
    [
      "class",
      { loadBalancerClass: "a.b/c" },
      "spec.loadBalancerClass: Forbidden: may only be used when `type` is 'LoadBalancer'",
    ],
    [
      "node ports of a balancer",
      { allocateLoadBalancerNodePorts: false },
      "spec.allocateLoadBalancerNodePorts: Forbidden: may only be used when `type` is 'LoadBalancer'",
    ],
    [
      "loopback externalIP",
      { externalIPs: ["127.0.0.1"] },
      'spec.externalIPs[0]: Invalid value: "127.0.0.1": may not be in the loopback range (127.0.0.0/8, ::1/128)',
    ],
    [
      "link-local externalIP",
      { externalIPs: ["169.254.1.1"] },
      'spec.externalIPs[0]: Invalid value: "169.254.1.1": may not be in the link-local range (169.254.0.0/16, fe80::/10)',
    ],
    [
      "unspecified externalIP",
      { externalIPs: ["0.0.0.0"] },
      'spec.externalIPs[0]: Invalid value: "0.0.0.0": may not be unspecified (0.0.0.0 or ::)',
    ],
    [
      "selector",
      { selector: { "a b": "c" } },
      'spec.selector: Invalid value: "a b": name part must consist of',
    ],
    [
      "unknown family",
      { ipFamilies: ["IPv6"] },
      'spec.ipFamilies[0]: Invalid value: "IPv6": not configured on this cluster',
    ],
    [
      "no family",
      { ipFamilies: ["IPX"] },
      'spec.ipFamilies[0]: Unsupported value: "IPX": supported values: "IPv4", "IPv6"',
    ],
    [
      "dual-stack required",
      { ipFamilyPolicy: "RequireDualStack" },
      'spec.ipFamilyPolicy: Invalid value: "RequireDualStack": this cluster is not configured for dual-stack services',
    ],
    [
      "distribution",
      { trafficDistribution: "Nearest" },
      'spec.trafficDistribution: Unsupported value: "Nearest": supported values: "PreferClose", "PreferSameNode", "PreferSameZone"',
    ],
  ])("%s", (_name, spec, text) => {
    const { causes } = create(spec);
    expect(causes).toHaveLength(1);
    expect(causes[0]).toContain(text);
  });

  test.each<[string, object]>([
    ["headless without ports", { clusterIP: "None", ports: [] }],
    [
      "one port over two protocols",
      {
        ports: [
          { name: "a", port: 53, protocol: "UDP" },
          { name: "b", port: 53, protocol: "TCP" },
        ],
      },
    ],
    [
      "a node port shared by two protocols",
      {
        type: "NodePort",
        ports: [
          { name: "a", port: 53, protocol: "UDP", nodePort: 30_053 },
          { name: "b", port: 53, nodePort: 30_053 },
        ],
      },
    ],
    [
      "Local",
      { type: "LoadBalancer", externalTrafficPolicy: "Local", healthCheckNodePort: 30_001 },
    ],
    ["zones", { trafficDistribution: "PreferSameZone" }],
  ])("%s is good", (_name, spec) => expect(create(spec).causes).toEqual([]));

  test.each(["web", "1web", "a".repeat(63)])("name %s is good", (name) => {
    const manifest = { metadata: { name }, spec: { ports: [port] } };
    expect(created(Kinds.Service, strategy, manifest).causes).toEqual([]);
  });

  test.each(["Web", "a.b", "-a", "a".repeat(64)])("name %s is bad", (name) => {
    const manifest = { metadata: { name }, spec: { ports: [port] } };
    expect(created(Kinds.Service, strategy, manifest).causes[0]).toMatch(
      /^metadata\.name: Invalid/,
    );
  });

  test("two addresses need a dual-stack policy, and one of each family", () => {
    const addresses = { clusterIP: "10.96.0.1", clusterIPs: ["10.96.0.1", "fd00::1"] };
    const families = ["IPv4", "IPv6"] as const;
    expect(create(addresses, families).causes).toEqual([
      "spec.ipFamilyPolicy: Invalid value: \"SingleStack\": must be 'RequireDualStack' or " +
        "'PreferDualStack' when multiple `ipFamilies` are specified",
    ]);
    expect(create({ ...addresses, ipFamilyPolicy: "PreferDualStack" }, families).causes).toEqual(
      [],
    );
    const twins = {
      clusterIP: "10.96.0.1",
      clusterIPs: ["10.96.0.1", "10.96.0.2"],
      ipFamilyPolicy: "PreferDualStack",
    };
    expect(create(twins, families).causes[0]).toContain(
      "may specify no more than one IP for each IP family",
    );
  });

  test("an address must be of its family", () => {
    const { causes } = create({ clusterIP: "fd00::1", ipFamilies: ["IPv4"] }, ["IPv4", "IPv6"]);
    expect(causes).toEqual([
      'spec.clusterIPs[0]: Invalid value: "fd00::1": expected an IPv4 value as indicated by `ipFamilies[0]`',
    ]);
  });

  test("a Service without spec says all that is missing", () => {
    const { causes } = created(Kinds.Service, strategy, { metadata: { name: "web" } });
    expect(causes).toEqual(["spec.ports: Required value"]);
  });
});

describe("status", () => {
  const old = stored({ type: "LoadBalancer", clusterIP: "10.96.0.5" });
  const causesOf = (ingress: object[], of: Service = old): readonly string[] => {
    const manifest = { metadata: { name: "web" }, status: { loadBalancer: { ingress } } };
    return statusUpdated(Kinds.Service, dual, { old: of, manifest }).causes;
  };

  test.each<[object, string[]]>([
    [{ ip: "1.2.3.4", ipMode: "VIP" }, []],
    [{ hostname: "lb.example" }, []],
    [
      { ip: "1.2.3.4" },
      ["status.loadBalancer.ingress[0].ipMode: Required value: must be specified when `ip` is set"],
    ],
    [
      { ipMode: "VIP" },
      [
        "status.loadBalancer.ingress[0].ipMode: Forbidden: may not be specified when `ip` is not set",
      ],
    ],
    [
      { ip: "1.2.3.4", ipMode: "X" },
      [
        'status.loadBalancer.ingress[0].ipMode: Unsupported value: "X": supported values: "Proxy", "VIP"',
      ],
    ],
  ])("%j", (ingress, expected) => expect(causesOf([ingress])).toEqual(expected));

  test("only a load balancer has ingress", () => {
    expect(causesOf([{ hostname: "x" }], stored({}))).toEqual([
      "status.loadBalancer.ingress: Forbidden: may only be used when `spec.type` is 'LoadBalancer'",
    ]);
  });
});

test("warnings", () => {
  const warningsOf = (spec: object): string[] => strategy.warnings(create(spec).object);
  expect(warningsOf({})).toEqual([]);
  expect(warningsOf({ externalIPs: ["8.8.8.8"] })).toEqual([
    "spec.externalIPs is deprecated and may no longer be implemented in some clusters",
  ]);
  expect(warningsOf({ trafficDistribution: "PreferClose" })).toEqual([
    'spec.trafficDistribution: "PreferClose" is deprecated; use "PreferSameZone"',
  ]);
  expect(warningsOf({ externalName: "a.b" })).toEqual([
    'spec.externalName is ignored when spec.type is not "ExternalName"',
  ]);
});

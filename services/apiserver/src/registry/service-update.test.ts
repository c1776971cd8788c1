import { Kinds, type IPFamily, type Service } from "@kubehop/api";
import { describe, expect, test } from "vitest";
import { created, updated, type Outcome } from "../testing/strategies.ts";
import { createServiceStrategy } from "./service.ts";

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

function update(
  old: Service,
  spec: object,
  families: readonly IPFamily[] = ["IPv4"],
): Outcome<Service> {
  const manifest = { metadata: { name: "web" }, spec };
  return updated(Kinds.Service, createServiceStrategy(families), { old, manifest });
}

describe("update", () => {
  const old = stored({ clusterIP: "10.96.0.5", selector: { app: "web" } });

  test("what was allocated stays when it is left out", () => {
    const { object, causes } = update(old, { ports: [port], selector: { app: "other" } });
    expect(causes).toEqual([]);
    expect(object.spec).toMatchObject({
      clusterIP: "10.96.0.5",
      clusterIPs: ["10.96.0.5"],
      ipFamilies: ["IPv4"],
    });
  });

  test.each<[string, object, string]>([
    [
      "another address",
      { clusterIP: "10.96.7.7" },
      'spec.clusterIPs[0]: Invalid value: []string{"10.96.7.7"}: may not change once set',
    ],
    [
      "headless",
      { clusterIP: "None" },
      'spec.clusterIPs[0]: Invalid value: []string{"None"}: may not change once set',
    ],
  ])("%s is refused", (_name, spec, text) => {
    expect(update(old, { ports: [port], ...spec }).causes).toEqual([text]);
  });

  test("another family is refused", () => {
    const families = ["IPv4", "IPv6"] as const;
    const { causes } = update(old, { ports: [port], ipFamilies: ["IPv6"] }, families);
    expect(causes).toContain('spec.ipFamilies[0]: Invalid value: "IPv6": may not change once set');
  });

  test("node ports stay by the name of the port, also when its number changes", () => {
    const ports = [
      { name: "http", port: 80, nodePort: 30_080 },
      { name: "https", port: 443, nodePort: 30_443 },
    ];
    const before = stored({ type: "NodePort", clusterIP: "10.96.0.5", ports });
    const { object } = update(before, {
      type: "NodePort",
      ports: [
        { name: "https", port: 8443 },
        { name: "http", port: 80 },
        { name: "new", port: 1 },
      ],
    });
    expect(object.spec.ports?.map(({ nodePort }) => nodePort)).toEqual([30_443, 30_080, undefined]);
  });

  test("a node port the user gives to another port is not given twice", () => {
    const ports = [
      { name: "a", port: 1, nodePort: 30_001 },
      { name: "b", port: 2, nodePort: 30_002 },
    ];
    const before = stored({ type: "NodePort", clusterIP: "10.96.0.5", ports });
    const { object } = update(before, {
      type: "NodePort",
      ports: [
        { name: "a", port: 1 },
        { name: "b", port: 2, nodePort: 30_001 },
      ],
    });
    expect(object.spec.ports?.map(({ nodePort }) => nodePort)).toEqual([undefined, 30_001]);
  });

  test("NodePort to ClusterIP drops node ports and the external policy", () => {
    const before = stored({
      type: "NodePort",
      clusterIP: "10.96.0.5",
      ports: [{ port: 80, nodePort: 30_080 }],
    });
    const { object, causes } = update(before, { ...before.spec, type: "ClusterIP" });
    expect(causes).toEqual([]);
    expect(object.spec.ports).toEqual([{ port: 80, targetPort: 80, protocol: "TCP" }]);
    expect(object.spec).not.toHaveProperty("externalTrafficPolicy");
  });

  test("to ExternalName drops the addresses, and back asks for new ones", () => {
    const { object, causes } = update(old, {
      ...old.spec,
      type: "ExternalName",
      externalName: "a.b",
    });
    expect(causes).toEqual([]);
    for (const field of [
      "clusterIP",
      "clusterIPs",
      "ipFamilies",
      "ipFamilyPolicy",
      "internalTrafficPolicy",
    ]) {
      expect(object.spec).not.toHaveProperty(field);
    }
    const back = update(object, { ports: [port] });
    expect(back.causes).toEqual([]);
    expect(back.object.spec).not.toHaveProperty("clusterIP");
    expect(back.object.spec).toMatchObject({ type: "ClusterIP", ipFamilies: ["IPv4"] });
  });

  test("leaving LoadBalancer drops its fields and its status", () => {
    const before = stored({
      type: "LoadBalancer",
      clusterIP: "10.96.0.5",
      externalTrafficPolicy: "Local",
      healthCheckNodePort: 30_001,
      loadBalancerClass: "a.b/c",
    });
    before.status = { loadBalancer: { ingress: [{ ip: "1.2.3.4", ipMode: "VIP" }] } };
    const { object, causes } = update(before, { ...before.spec, type: "ClusterIP" });
    expect(causes).toEqual([]);
    expect(object.status).toEqual({ loadBalancer: {} });
    for (const field of [
      "healthCheckNodePort",
      "loadBalancerClass",
      "allocateLoadBalancerNodePorts",
    ]) {
      expect(object.spec).not.toHaveProperty(field);
    }
  });

  test("a load balancer's class and health port do not change", () => {
    const before = stored({
      type: "LoadBalancer",
      clusterIP: "10.96.0.5",
      externalTrafficPolicy: "Local",
      healthCheckNodePort: 30_001,
      loadBalancerClass: "a.b/c",
    });
    const spec = { ...before.spec, loadBalancerClass: "a.b/d", healthCheckNodePort: 30_002 };
    expect(update(before, spec).causes).toEqual([
      "spec.healthCheckNodePort: Invalid value: 30002: field is immutable",
      'spec.loadBalancerClass: Invalid value: "a.b/d": may not change once set',
    ]);
    const kept = update(before, { ...before.spec, healthCheckNodePort: undefined });
    expect(kept.object.spec.healthCheckNodePort).toBe(30_001);
  });
});

describe("update between single- and dual-stack", () => {
  const families = ["IPv4", "IPv6"] as const;
  const single = stored({ clusterIP: "10.96.0.5" }, families);
  const both = stored(
    {
      clusterIP: "10.96.0.5",
      clusterIPs: ["10.96.0.5", "fd00::5"],
      ipFamilyPolicy: "PreferDualStack",
    },
    families,
  );

  test("up: the second family is added", () => {
    const { object, causes } = update(
      single,
      { ports: [port], ipFamilyPolicy: "RequireDualStack" },
      families,
    );
    expect(causes).toEqual([]);
    expect(object.spec).toMatchObject({ clusterIPs: ["10.96.0.5"], ipFamilies: ["IPv4", "IPv6"] });
  });

  test("down: SingleStack drops the second", () => {
    const { object, causes } = update(
      both,
      { ...both.spec, ipFamilyPolicy: "SingleStack" },
      families,
    );
    expect(causes).toEqual([]);
    expect(object.spec).toMatchObject({ clusterIPs: ["10.96.0.5"], ipFamilies: ["IPv4"] });
  });

  test("an update that does not speak of it keeps both", () => {
    const { object, causes } = update(both, { ports: [port] }, families);
    expect(causes).toEqual([]);
    expect(object.spec).toMatchObject({
      clusterIPs: ["10.96.0.5", "fd00::5"],
      ipFamilies: ["IPv4", "IPv6"],
      ipFamilyPolicy: "PreferDualStack",
    });
  });

  test("dropping the second needs SingleStack", () => {
    const { causes } = update(both, { ...both.spec, clusterIPs: ["10.96.0.5"] }, families);
    expect(causes).toEqual([
      "spec.ipFamilyPolicy: Invalid value: \"PreferDualStack\": must be 'SingleStack' to release the secondary cluster IP",
    ]);
  });

  test("the second does not change", () => {
    const { causes } = update(
      both,
      { ...both.spec, clusterIPs: ["10.96.0.5", "fd00::6"] },
      families,
    );
    expect(causes).toEqual([
      'spec.clusterIPs[1]: Invalid value: []string{"10.96.0.5", "fd00::6"}: may not change once set',
    ]);
  });

  test("clusterIP alone changed takes clusterIPs along", () => {
    const { causes } = update(single, { ...single.spec, clusterIP: "10.96.0.6" }, families);
    expect(causes).toEqual([
      'spec.clusterIPs[0]: Invalid value: []string{"10.96.0.6"}: may not change once set',
    ]);
  });
});

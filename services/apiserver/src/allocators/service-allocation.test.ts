import type { IPAddress, ParentReference, Service, ServiceSpec } from "@kubehop/api";
import { describe, expect, test } from "vitest";
import { parseCidr, type Cidr } from "@kubehop/kit/addresses";
import { createClusterIPAllocator } from "./cluster-ip.ts";
import { createMemoryStore } from "../testing/memory-allocations.ts";
import { createNodePortAllocator } from "./node-port.ts";
import { createServiceAllocation } from "./service-allocation.ts";

function setUp({ cidrs = ["10.96.0.0/24"], range = { first: 30_000, last: 32_767 } } = {}) {
  const addresses = createMemoryStore<Pick<IPAddress, "spec">>();
  const ports = createMemoryStore<ParentReference>();
  const leaks: string[] = [];
  const ranges = cidrs.map((text) => parseCidr(text) as Cidr);
  const random = (): number => 0;
  const allocation = createServiceAllocation({
    clusterIPs: createClusterIPAllocator({ store: addresses, ranges: () => ranges, random }),
    nodePorts: createNodePortAllocator({ store: ports, range, random }),
    onLeak: (what) => leaks.push(what),
  });
  const held = (): { ips: string[]; ports: string[] } => ({
    ips: [...addresses.entries.keys()],
    ports: [...ports.entries.keys()],
  });
  return { allocation, addresses, ports, leaks, held };
}

const service = (spec: ServiceSpec, name = "web"): Service => ({
  apiVersion: "v1",
  kind: "Service",
  metadata: { name, namespace: "default" },
  spec: { type: "ClusterIP", ipFamilies: ["IPv4"], ports: [{ port: 80 }], ...spec },
});
const run = { dryRun: false };

describe("create", () => {
  test("an address is chosen and written into the Service", async () => {
    const { allocation, held } = setUp();
    const web = service({});
    await (await allocation.reserve(web, undefined, run)).commit();
    expect(web.spec).toMatchObject({ clusterIP: "10.96.0.17", clusterIPs: ["10.96.0.17"] });
    expect(held()).toEqual({ ips: ["10.96.0.17"], ports: [] });
  });

  test("the address asked for is given", async () => {
    const { allocation, held } = setUp();
    const web = service({ clusterIP: "10.96.0.50", clusterIPs: ["10.96.0.50"] });
    await allocation.reserve(web, undefined, run);
    expect(held().ips).toEqual(["10.96.0.50"]);
  });

  test("dual-stack gets one of each family", async () => {
    const { allocation, held } = setUp({ cidrs: ["10.96.0.0/24", "fd00::/112"] });
    const web = service({
      ipFamilies: ["IPv6", "IPv4"],
      clusterIPs: ["fd00::9"],
      clusterIP: "fd00::9",
    });
    await allocation.reserve(web, undefined, run);
    expect(web.spec.clusterIPs).toEqual(["fd00::9", "10.96.0.17"]);
    expect(held().ips).toEqual(["fd00::9", "10.96.0.17"]);
  });

  test.each<[string, ServiceSpec]>([
    ["headless", { clusterIP: "None", clusterIPs: ["None"] }],
    ["ExternalName", { type: "ExternalName", externalName: "x.example" }],
  ])("a %s Service takes nothing", async (_name, spec) => {
    const { allocation, held } = setUp();
    await allocation.reserve(service(spec), undefined, run);
    expect(held()).toEqual({ ips: [], ports: [] });
  });

  test("node ports: those asked for, then others; one port over two protocols shares one", async () => {
    const { allocation, held } = setUp();
    const web = service({
      type: "NodePort",
      ports: [
        { name: "dns", port: 53, protocol: "UDP" },
        { name: "dns-tcp", port: 53, protocol: "TCP" },
        { name: "http", port: 80, nodePort: 30_086 },
        { name: "other", port: 81 },
      ],
    });
    await allocation.reserve(web, undefined, run);
    expect(web.spec.ports?.map((port) => port.nodePort)).toEqual([30_087, 30_087, 30_086, 30_088]);
    expect(held().ports.toSorted()).toEqual(["30086", "30087", "30088"]);
  });

  test("a load balancer gets node ports unless it does not want them", async () => {
    const { allocation, held } = setUp();
    const local = service({ type: "LoadBalancer", externalTrafficPolicy: "Local" });
    await allocation.reserve(local, undefined, run);
    expect(local.spec.healthCheckNodePort).toBe(30_087);
    const bare = service({ type: "LoadBalancer", allocateLoadBalancerNodePorts: false }, "bare");
    await allocation.reserve(bare, undefined, run);
    expect(bare.spec.ports).toEqual([{ port: 80 }]);
    expect(held().ports).toEqual(["30086", "30087"]);
  });
});

describe("failure", () => {
  test("a failed write gives everything back", async () => {
    const { allocation, held } = setUp();
    const web = service({ type: "NodePort" });
    await (await allocation.reserve(web, undefined, run)).rollback();
    expect(held()).toEqual({ ips: [], ports: [] });
  });

  test("a port that is taken gives the address back", async () => {
    const { allocation, held } = setUp();
    const first = service({ type: "NodePort", ports: [{ port: 80, nodePort: 30_080 }] });
    await allocation.reserve(first, undefined, run);
    const before = held();
    const second = service(
      { type: "NodePort", ports: [{ port: 1 }, { port: 80, nodePort: 30_080 }] },
      "b",
    );
    await expect(allocation.reserve(second, undefined, run)).rejects.toThrow(
      'Service "b" is invalid: spec.ports[1].nodePort: Invalid value: 30080: provided port is already allocated',
    );
    expect(held()).toEqual(before);
  });

  test.each<[string, ServiceSpec, string]>([
    [
      "taken",
      { clusterIPs: ["10.96.0.1"] },
      'Service "web" is invalid: spec.clusterIPs: Invalid value: []string{"10.96.0.1"}: failed to allocate IP 10.96.0.1: provided IP is already allocated',
    ],
    [
      "outside",
      { clusterIPs: ["10.97.0.1"] },
      'spec.clusterIPs: Invalid value: []string{"10.97.0.1"}: failed to allocate IP 10.97.0.1: the provided IP (10.97.0.1) is not in the valid range. The range of valid IPs is 10.96.0.0/24',
    ],
    [
      "port out of range",
      { type: "NodePort", ports: [{ port: 80, nodePort: 80 }] },
      "spec.ports[0].nodePort: Invalid value: 80: provided port is not in the valid range. The range of valid ports is 30000-32767",
    ],
  ])("%s", async (_name, spec, message) => {
    const { allocation, held } = setUp();
    await allocation.reserve(service({ clusterIPs: ["10.96.0.1"] }, "first"), undefined, run);
    await expect(allocation.reserve(service(spec), undefined, run)).rejects.toThrow(message);
    expect(held()).toEqual({ ips: ["10.96.0.1"], ports: [] });
  });

  test("a full range is 500", async () => {
    const { allocation } = setUp({
      cidrs: ["10.96.0.0/30"],
      range: { first: 30_000, last: 30_000 },
    });
    await allocation.reserve(service({ type: "NodePort" }, "a"), undefined, run);
    await expect(
      allocation.reserve(service({ type: "NodePort" }, "b"), undefined, run),
    ).rejects.toMatchObject({
      code: 500,
      message: "Internal error occurred: failed to allocate a nodePort: range is full",
    });
    await allocation.reserve(service({}, "c"), undefined, run);
    await expect(allocation.reserve(service({}, "d"), undefined, run)).rejects.toMatchObject({
      code: 500,
      message:
        'Internal error occurred: failed to allocate a serviceIP for Service "d": range is full',
    });
  });

  test("what cannot be given back is reported, not thrown", async () => {
    const { allocation, addresses, leaks } = setUp();
    const web = service({});
    const reservation = await allocation.reserve(web, undefined, run);
    addresses.failDeletes = true;
    await reservation.rollback();
    await allocation.release(web);
    expect(leaks).toEqual(["10.96.0.17", "10.96.0.17"]);
  });
});

describe("update", () => {
  test("what the Service has is kept, not taken again", async () => {
    const { allocation, held } = setUp();
    const old = service({ type: "NodePort" });
    await allocation.reserve(old, undefined, run);
    const before = held();
    const next = structuredClone(old);
    await (await allocation.reserve(next, old, run)).commit();
    expect(next).toEqual(old);
    expect(held()).toEqual(before);
  });

  test("what it no longer needs goes when the write is stored, not before", async () => {
    const { allocation, held } = setUp();
    const old = service({ type: "NodePort" });
    await allocation.reserve(old, undefined, run);
    const next = service({ type: "ExternalName", externalName: "x.example", ports: [] });
    const reservation = await allocation.reserve(next, old, run);
    expect(held()).toEqual({ ips: ["10.96.0.17"], ports: ["30086"] });
    await reservation.commit();
    expect(held()).toEqual({ ips: [], ports: [] });
  });

  test("a failed update keeps what the stored Service has", async () => {
    const { allocation, held } = setUp();
    const old = service({});
    await allocation.reserve(old, undefined, run);
    const next = service({ ...structuredClone(old.spec), type: "NodePort" });
    const reservation = await allocation.reserve(next, old, run);
    expect(held().ports).toEqual(["30086"]);
    await reservation.rollback();
    expect(held()).toEqual({ ips: ["10.96.0.17"], ports: [] });
  });

  test("coming from ExternalName it gets an address, going dual-stack a second one", async () => {
    const { allocation, held } = setUp({ cidrs: ["10.96.0.0/24", "fd00::/112"] });
    const old = service({ type: "ExternalName" });
    const next = service({});
    await (await allocation.reserve(next, old, run)).commit();
    const dual = structuredClone(next);
    dual.spec.ipFamilies = ["IPv4", "IPv6"];
    await (await allocation.reserve(dual, next, run)).commit();
    expect(dual.spec.clusterIPs).toEqual(["10.96.0.17", "fd00::101"]);
    expect(held().ips).toEqual(["10.96.0.17", "fd00::101"]);
  });
});

test("a deleted Service gives everything back", async () => {
  const { allocation, held } = setUp();
  const web = service({ type: "LoadBalancer", externalTrafficPolicy: "Local" });
  await allocation.reserve(web, undefined, run);
  expect(held().ports).toHaveLength(2);
  await allocation.release(web);
  expect(held()).toEqual({ ips: [], ports: [] });
});

describe("dry run", () => {
  test("shows an address and takes nothing", async () => {
    const { allocation, held } = setUp();
    const web = service({ type: "NodePort" });
    const reservation = await allocation.reserve(web, undefined, { dryRun: true });
    await reservation.commit();
    await reservation.rollback();
    expect(web.spec.clusterIP).toBe("10.96.0.0");
    expect(web.spec.ports).toEqual([{ port: 80, nodePort: 30_086 }]);
    expect(held()).toEqual({ ips: [], ports: [] });
  });

  test("still refuses what is out of range", async () => {
    const { allocation } = setUp();
    const web = service({ clusterIPs: ["10.97.0.1"] });
    const dryRun = allocation.reserve(web, undefined, { dryRun: true });
    await expect(dryRun).rejects.toThrow("is not in the valid range");
  });
});

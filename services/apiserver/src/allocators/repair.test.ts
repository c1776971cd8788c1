import type { IPAddress, ParentReference, Service, ServiceSpec } from "@kubehop/api";
import { describe, expect, test } from "vitest";
import { parseCidr, type Cidr } from "@kubehop/kit/addresses";
import { planPortRepair } from "./repair-ports.ts";
import { planAddressRepair, type RepairAction } from "./repair.ts";

const NOW = Date.parse("2026-01-01T12:00:00Z");
const OLD = "2026-01-01T11:00:00Z";
const ranges = [parseCidr("10.96.0.0/24") as Cidr];

const parent = (name: string): ParentReference => ({
  group: "",
  resource: "services",
  namespace: "default",
  name,
});
const service = (name: string, spec: ServiceSpec): Service => ({
  apiVersion: "v1",
  kind: "Service",
  metadata: { name, namespace: "default" },
  spec: { type: "ClusterIP", ...spec },
});
const withIPs = (name: string, ...clusterIPs: string[]): Service => service(name, { clusterIPs });
const address = (name: string, owner: string, creationTimestamp = OLD): IPAddress => ({
  apiVersion: "networking.k8s.io/v1",
  kind: "IPAddress",
  metadata: { name, creationTimestamp },
  spec: { parentRef: parent(owner) },
});
const brief = (actions: readonly RepairAction[]): string[] =>
  actions.map((one) => `${one.type} ${one.event.reason} ${one.event.about.name ?? ""}`);

describe("planAddressRepair", () => {
  const plan = (services: Service[], addresses: IPAddress[]): RepairAction[] =>
    planAddressRepair({ services, addresses, ranges, now: NOW });

  test("nothing to do when all agree", () => {
    const services = [
      withIPs("a", "10.96.0.5"),
      withIPs("headless", "None"),
      service("outside", { type: "ExternalName", clusterIPs: ["10.96.0.9"] }),
      service("pending", {}),
    ];
    expect(plan(services, [address("10.96.0.5", "a")])).toEqual([]);
  });

  test("a Service's address that nobody has is allocated", () => {
    expect(plan([withIPs("a", "10.96.0.5")], [])).toEqual([
      {
        type: "allocate",
        name: "10.96.0.5",
        parent: parent("a"),
        event: {
          about: parent("a"),
          reason: "ClusterIPNotAllocated",
          message: "Cluster IP [IPv4]:10.96.0.5 is not allocated; repairing",
        },
      },
    ]);
  });

  test("an allocation with a wrong reference is made anew", () => {
    const actions = plan([withIPs("a", "10.96.0.5")], [address("10.96.0.5", "gone")]);
    expect(brief(actions)).toEqual([
      "release IPAddressWrongReference 10.96.0.5",
      "allocate ClusterIPNotAllocated a",
    ]);
  });

  test("an address of two Services belongs to the first; the second is told", () => {
    const services = [withIPs("a", "10.96.0.5"), withIPs("b", "10.96.0.5")];
    const actions = plan(services, [address("10.96.0.5", "a")]);
    expect(brief(actions)).toEqual(["report ClusterIPAlreadyAllocated b"]);
    expect(actions[0]?.event.message).toBe(
      "Cluster IP [IPv4]:10.96.0.5 was assigned to multiple services; please recreate service",
    );
  });

  test.each([
    ["10.99.0.5", "report ClusterIPOutOfRange a"],
    ["nonsense", "report ClusterIPNotValid a"],
  ])("%s is reported", (ip, expected) => {
    expect(brief(plan([withIPs("a", ip)], []))).toEqual([expected]);
  });

  test("an address no Service uses is released, unless it is young or not of a Service", () => {
    const other = address("10.96.0.8", "x");
    other.spec.parentRef = { group: "x.example", resource: "things", name: "x" };
    const addresses = [
      address("10.96.0.6", "gone"),
      address("10.96.0.7", "coming", "2026-01-01T11:59:30Z"),
      other,
    ];
    const actions = plan([], addresses);
    expect(brief(actions)).toEqual(["release IPAddressNotAllocated 10.96.0.6"]);
    expect(actions[0]?.event.message).toBe(
      "IPAddress: 10.96.0.6 for Service default/gone appears to have leaked; cleaning up",
    );
  });
});

describe("planPortRepair", () => {
  const range = { first: 30_000, last: 32_767 };
  const nodePort = (name: string, port: number): Service =>
    service(name, { type: "NodePort", ports: [{ port: 80, nodePort: port }] });
  const plan = (
    services: Service[],
    allocated: [number, ParentReference][],
    leaks: ReadonlyMap<number, number> = new Map(),
  ) => planPortRepair({ services, allocated: new Map(allocated), range, leaks });

  test("nothing to do when all agree", () => {
    const repair = plan([nodePort("a", 30_080)], [[30_080, parent("a")]]);
    expect(repair).toEqual({ actions: [], leaks: new Map() });
  });

  test.each<[string, Service[], [number, ParentReference][], string[]]>([
    ["missing", [nodePort("a", 30_080)], [], ["allocate PortNotAllocated a"]],
    [
      "somebody else's",
      [nodePort("a", 30_080)],
      [[30_080, parent("b")]],
      ["release PortNotAllocated b", "allocate PortNotAllocated a"],
    ],
    [
      "of two Services",
      [nodePort("a", 30_080), nodePort("b", 30_080)],
      [[30_080, parent("a")]],
      ["report PortAlreadyAllocated b"],
    ],
    ["out of range", [nodePort("a", 80)], [], ["report PortOutOfRange a"]],
  ])("%s", (_name, services, allocated, expected) => {
    expect(brief(plan(services, allocated).actions)).toEqual(expected);
  });

  test("the port of a health check counts, a port shared inside a Service counts once", () => {
    const ports = [
      { port: 53, protocol: "UDP" as const, nodePort: 30_053 },
      { port: 53, protocol: "TCP" as const, nodePort: 30_053 },
    ];
    const balanced = service("a", { type: "LoadBalancer", ports, healthCheckNodePort: 30_054 });
    const actions = plan(
      [balanced],
      [
        [30_053, parent("a")],
        [30_054, parent("a")],
      ],
    ).actions;
    expect(actions).toEqual([]);
  });

  test("a leaked port is freed the third time it is seen", () => {
    const allocated: [number, ParentReference][] = [[30_080, parent("gone")]];
    const first = plan([], allocated);
    const second = plan([], allocated, first.leaks);
    const third = plan([], allocated, second.leaks);
    expect([first.actions, second.actions]).toEqual([[], []]);
    expect(brief(third.actions)).toEqual(["release PortNotAllocated gone"]);
    expect(third.leaks.size).toBe(0);
  });

  test("a port that is used again begins to count anew", () => {
    const allocated: [number, ParentReference][] = [[30_080, parent("a")]];
    const { leaks } = plan([], allocated);
    expect(plan([nodePort("a", 30_080)], allocated, leaks).leaks.size).toBe(0);
  });
});

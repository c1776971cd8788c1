import type { EndpointSlice, Service, ServiceSpec } from "@kubehop/api";
import { buildTable, type IpFamily, type ServiceTable } from "@kubehop/routing";
import { serviceFixture, sliceFixture } from "@kubehop/routing/testing";
import fc from "fast-check";

interface RandomService {
  readonly name: string;
  readonly host: number;
  readonly endpoints: readonly number[];
  readonly weight: number;
  readonly spec: Partial<ServiceSpec>;
  readonly twoPorts: boolean;
}

interface Addresses {
  readonly type: "IPv4" | "IPv6";
  readonly node: string;
  readonly external: string;
  readonly sources: string;
  readonly cluster: (host: number) => string;
  readonly balancer: (host: number) => string;
  readonly pod: (host: number) => string;
}

const ADDRESSES: Readonly<Record<IpFamily, Addresses>> = {
  IPv4: {
    type: "IPv4",
    node: "172.31.0.11",
    external: "192.0.2.7",
    sources: "198.51.100.0/24",
    cluster: (host) => `10.96.0.${host}`,
    balancer: (host) => `203.0.113.${host}`,
    pod: (host) => `10.244.1.${host}`,
  },
  IPv6: {
    type: "IPv6",
    node: "fd00:172:31::11",
    external: "2001:db8:2::7",
    sources: "2001:db8:3::/48",
    cluster: (host) => `fd00:10:96::${host}`,
    balancer: (host) => `2001:db8::${host}`,
    pod: (host) => `fd00:10:244:1::${host}`,
  },
};

/** Services that come, go, swap addresses and change in everything that rules depend on. */
function randomService({ external, sources }: Addresses): fc.Arbitrary<RandomService> {
  return fc.record({
    name: fc.constantFrom("a", "b", "c", "d"),
    host: fc.integer({ min: 1, max: 4 }),
    endpoints: fc.uniqueArray(fc.integer({ min: 1, max: 4 }), { maxLength: 4 }),
    weight: fc.integer({ min: 0, max: 3 }),
    twoPorts: fc.boolean(),
    spec: fc.record(
      {
        sessionAffinity: fc.constantFrom("None", "ClientIP"),
        sessionAffinityConfig: fc.constantFrom(
          { clientIP: { timeoutSeconds: 5 } },
          { clientIP: { timeoutSeconds: 9 } },
        ),
        internalTrafficPolicy: fc.constantFrom("Cluster", "Local"),
        externalTrafficPolicy: fc.constantFrom("Cluster", "Local"),
        externalIPs: fc.constantFrom([], [external]),
        loadBalancerSourceRanges: fc.constantFrom([], [sources]),
      },
      { requiredKeys: [] },
    ),
  });
}

/** A random table of one node, with addresses of one family. */
export function randomTableOf(family: IpFamily): fc.Arbitrary<ServiceTable> {
  const addresses = ADDRESSES[family];
  return fc
    .uniqueArray(randomService(addresses), { selector: ({ name }) => name, maxLength: 4 })
    .map((services) => {
      const objects = services.map((service) => toObjects(service, addresses));
      return buildTable(
        objects.map(({ service }) => service),
        objects.map(({ slice }) => slice),
        { name: "node-1", addresses: [addresses.node] },
        "1",
      );
    });
}

/** A random table of one node, with IPv4 addresses. */
export const randomTable: fc.Arbitrary<ServiceTable> = randomTableOf("IPv4");

function toObjects(
  { name, host, endpoints, weight, spec, twoPorts }: RandomService,
  { type: addressType, cluster, balancer, pod }: Addresses,
): { service: Service; slice: EndpointSlice } {
  const clusterIP = cluster(host);
  const ports = [
    { name: "http", port: 80, protocol: "TCP" as const, nodePort: 30_000 + host },
    { name: "dns", port: 53, protocol: "UDP" as const },
  ].slice(0, twoPorts ? 2 : 1);
  const addresses = endpoints.map(pod);
  return {
    service: serviceFixture({
      name,
      ports,
      spec: { type: "LoadBalancer", ...spec, clusterIP, clusterIPs: [clusterIP] },
      status: { loadBalancer: { ingress: [{ ip: balancer(host), ipMode: "VIP" }] } },
    }),
    slice: sliceFixture({
      service: name,
      addressType,
      ports: ports.map((port) => ({ name: port.name, protocol: port.protocol, port: 8080 })),
      endpoints: addresses.map((address, index) => ({
        addresses: [address],
        nodeName: index % 2 === 0 ? "node-1" : "node-2",
        conditions: { ready: true, serving: true, terminating: false },
      })),
      weights: Object.fromEntries(addresses.slice(0, 1).map((address) => [address, weight])),
    }),
  };
}

import type { EndpointSlice, Service, ServiceSpec } from "@kubehop/api";
import { buildTable, type ServiceTable } from "@kubehop/routing";
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

/** Services that come, go, swap addresses and change in everything that rules depend on. */
const service: fc.Arbitrary<RandomService> = fc.record({
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
      externalIPs: fc.constantFrom([], ["192.0.2.7"]),
      loadBalancerSourceRanges: fc.constantFrom([], ["198.51.100.0/24"]),
    },
    { requiredKeys: [] },
  ),
});

/** A random table of one node. */
export const randomTable: fc.Arbitrary<ServiceTable> = fc
  .uniqueArray(service, { selector: ({ name }) => name, maxLength: 4 })
  .map((services) => {
    const objects = services.map(toObjects);
    return buildTable(
      objects.map(({ service }) => service),
      objects.map(({ slice }) => slice),
      { name: "node-1", addresses: ["172.31.0.11"] },
      "1",
    );
  });

function toObjects({ name, host, endpoints, weight, spec, twoPorts }: RandomService): {
  service: Service;
  slice: EndpointSlice;
} {
  const clusterIP = `10.96.0.${host}`;
  const ports = [
    { name: "http", port: 80, protocol: "TCP" as const, nodePort: 30_000 + host },
    { name: "dns", port: 53, protocol: "UDP" as const },
  ].slice(0, twoPorts ? 2 : 1);
  const addresses = endpoints.map((number) => `10.244.1.${number}`);
  return {
    service: serviceFixture({
      name,
      ports,
      spec: { type: "LoadBalancer", ...spec, clusterIP, clusterIPs: [clusterIP] },
      status: { loadBalancer: { ingress: [{ ip: `203.0.113.${host}`, ipMode: "VIP" }] } },
    }),
    slice: sliceFixture({
      service: name,
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

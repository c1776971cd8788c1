import type { EndpointSlice, Service, ServiceSpec } from "@kubehop/api";
import { buildTable, type ProxyNode, type ServiceTable } from "@kubehop/routing";
import { serviceFixture, type SliceFixture, sliceFixture } from "@kubehop/routing/testing";

/** The node of the tests: NodePorts are served on 127.0.0.1. */
export const NODE: ProxyNode = { name: "node-1", addresses: ["127.0.0.1"] };

/** One Service of one port, as a test describes it. */
export interface LoopbackService {
  readonly name?: string;
  /** Every 127.x address is bindable on Linux, as a cluster IP is on a node. */
  readonly ip: string;
  readonly port: number;
  readonly protocol?: "TCP" | "UDP";
  readonly nodePort?: number;
  readonly spec?: Partial<ServiceSpec>;
  /** Where the endpoints listen: they share the port. */
  readonly targetPort: number;
  readonly endpoints: SliceFixture["endpoints"];
  readonly weights?: Record<string, number>;
}

let revision = 0;

/** Builds the table of the given Services at a new revision. */
export function tableOf(...services: readonly LoopbackService[]): ServiceTable {
  revision += 1;
  const objects = services.map(toObjects);
  return buildTable(
    objects.map(({ service }) => service),
    objects.map(({ slice }) => slice),
    NODE,
    String(revision),
  );
}

/** The Service and EndpointSlice that a test describes. */
export function toObjects(fixture: LoopbackService): { service: Service; slice: EndpointSlice } {
  const { name = "my-api", protocol = "TCP", ip, port, nodePort, targetPort } = fixture;
  const servicePort = { name: "main", protocol, port, targetPort };
  const spec = { clusterIP: ip, clusterIPs: [ip], ...fixture.spec };
  return {
    service: serviceFixture({
      name,
      ports: [nodePort === undefined ? servicePort : { ...servicePort, nodePort }],
      spec: nodePort === undefined ? spec : { type: "NodePort", ...spec },
    }),
    slice: sliceFixture({
      service: name,
      addressType: ip.includes(":") ? "IPv6" : "IPv4",
      ports: [{ name: "main", protocol, port: targetPort }],
      endpoints: fixture.endpoints,
      ...(fixture.weights !== undefined && { weights: fixture.weights }),
    }),
  };
}

/**
 * The n-th address for endpoints, from 1 on, which other processes of tests do not use: a port that
 * is free at one of them is free at all.
 */
export function endpointIp(n: number): string {
  return `127.95.${process.pid % 250}.${n}`;
}

let nextIp = 0;

/** A cluster IP that no other test uses: the second half depends on the process. */
export function freshIp(): string {
  nextIp += 1;
  return `127.96.${process.pid % 250}.${nextIp}`;
}

import type { Endpoint } from "@kubehop/api";
import { buildTable, type ServiceTable } from "@kubehop/routing";
import { serviceFixture, sliceFixture } from "@kubehop/routing/testing";
import type { RulesOptions } from "../rules-options.ts";

/** The options with which the golden files were rendered. */
export const GOLDEN_OPTIONS: RulesOptions = {
  clusterCidrs: ["10.244.0.0/16"],
  serviceCidrs: ["10.96.0.0/16"],
};

/** Seven Services as node-1 sees them, one for each thing that rules do. */
export function goldenTable(): ServiceTable {
  return buildTable(
    [
      at("my-api", "10.96.0.50"),
      at("weighted", "10.96.0.51"),
      at("empty", "10.96.0.52"),
      at("far", "10.96.0.53", { spec: { internalTrafficPolicy: "Local" } }),
      at("sticky", "10.96.0.54", {
        ports: [{ port: 80, protocol: "TCP", nodePort: 30_080 }],
        spec: { type: "NodePort", sessionAffinity: "ClientIP" },
      }),
      at("shop", "10.96.0.55", {
        ports: [{ name: "http", port: 80, protocol: "TCP", nodePort: 30_081 }],
        spec: {
          type: "LoadBalancer",
          externalTrafficPolicy: "Local",
          healthCheckNodePort: 30_100,
          loadBalancerSourceRanges: ["198.51.100.0/24", "172.31.0.0/24"],
          externalIPs: ["192.0.2.7"],
        },
        status: { loadBalancer: { ingress: [{ ip: "203.0.113.10", ipMode: "VIP" }] } },
      }),
      at("kube-dns", "10.96.0.10", {
        namespace: "kube-system",
        ports: [
          { name: "dns", port: 53, protocol: "UDP" },
          { name: "dns-tcp", port: 53, protocol: "TCP" },
        ],
      }),
    ],
    [
      sliceFixture({ service: "my-api", endpoints: [pod(1, 10), pod(2, 20), pod(3, 30)] }),
      sliceFixture({
        service: "weighted",
        endpoints: [pod(1, 11), pod(2, 21), pod(3, 31), pod(3, 32)],
        weights: { "10.244.1.11": 6, "10.244.2.21": 2, "10.244.3.31": 0, "10.244.3.32": 4 },
      }),
      sliceFixture({ service: "far", endpoints: [pod(2, 22)] }),
      sliceFixture({
        service: "sticky",
        ports: [{ name: "", port: 8080, protocol: "TCP" }],
        endpoints: [pod(1, 12), pod(2, 23)],
      }),
      sliceFixture({ service: "shop", endpoints: [pod(1, 13), pod(2, 24)] }),
      sliceFixture({
        service: "kube-dns",
        namespace: "kube-system",
        ports: [
          { name: "dns", port: 53, protocol: "UDP" },
          { name: "dns-tcp", port: 53, protocol: "TCP" },
        ],
        endpoints: [pod(1, 2), pod(2, 2)],
      }),
    ],
    { name: "node-1", addresses: ["172.31.0.11"] },
    "1",
  );
}

type Fixture = NonNullable<Parameters<typeof serviceFixture>[0]>;

function at(name: string, ip: string, fixture: Fixture = {}): ReturnType<typeof serviceFixture> {
  const spec = { ...fixture.spec, clusterIP: ip, clusterIPs: [ip] };
  return serviceFixture({ ...fixture, name, spec });
}

function pod(node: number, host: number): Endpoint {
  return {
    addresses: [`10.244.${node}.${host}`],
    nodeName: `node-${node}`,
    conditions: { ready: true, serving: true, terminating: false },
  };
}

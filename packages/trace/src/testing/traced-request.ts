import type { ForwardedEvent, ResolvedEvent } from "@kubehop/api";
import type { FetchReport } from "../fetch-report.ts";

/** The address of the pod that asks, in the tests of this folder. */
export const CLIENT = "10.244.1.5";

/** A request as a client sees it: one DNS query, one connection. */
export const report: FetchReport = {
  url: "http://my-api/hello",
  resolvConf: {
    nameservers: ["10.96.0.10"],
    search: ["default.svc.cluster.local", "svc.cluster.local", "cluster.local"],
    ndots: 5,
  },
  queries: [
    {
      time: 1_000,
      protocol: "UDP",
      local: { ip: CLIENT, port: 50_000 },
      server: { ip: "10.96.0.10", port: 53 },
      name: "my-api.default.svc.cluster.local",
      type: "A",
      rcode: "NOERROR",
      answers: ["10.96.0.50"],
      ttl: 30,
      truncated: false,
      ms: 1.6,
    },
  ],
  failedConnections: [],
  connection: {
    time: 1_002,
    local: { ip: CLIENT, port: 40_000 },
    remote: { ip: "10.96.0.50", port: 80 },
    connectMs: 0.7,
  },
  response: { status: 200, headers: {}, body: "hello from my-api-b\n", truncated: false, ms: 2.4 },
};

/** The proxy's event of the query. */
export const dnsForwarded: ForwardedEvent = {
  type: "forwarded",
  component: "kube-proxy",
  node: "node-1",
  time: 1_000.4,
  protocol: "UDP",
  service: "kube-system/kube-dns:dns",
  client: { ip: CLIENT, port: 50_000 },
  frontend: { ip: "10.96.0.10", port: 53 },
  upstream: { ip: "172.31.0.11", port: 33_333 },
  endpoint: { ip: "10.244.2.2", port: 53 },
  candidates: [
    { ip: "10.244.1.2", port: 53, weight: 1, probability: 0.5 },
    { ip: "10.244.2.2", port: 53, weight: 1, probability: 0.5 },
  ],
  draw: 0.731,
  affinity: false,
  resourceVersion: "41",
};

/** The DNS pod's event of the query. */
export const dnsResolved: ResolvedEvent = {
  type: "resolved",
  component: "dns",
  node: "node-2",
  time: 1_001,
  client: { ip: "172.31.0.11", port: 33_333 },
  protocol: "UDP",
  question: { name: "my-api.default.svc.cluster.local.", type: "A" },
  rcode: "NOERROR",
  answers: ["10.96.0.50"],
  plugin: "kubernetes",
  resourceVersion: "40",
  durationMs: 0.2,
};

/** The proxy's event of the connection. */
export const httpForwarded: ForwardedEvent = {
  type: "forwarded",
  component: "kube-proxy",
  node: "node-1",
  time: 1_003,
  protocol: "TCP",
  service: "default/my-api:http",
  client: { ip: CLIENT, port: 40_000 },
  frontend: { ip: "10.96.0.50", port: 80 },
  upstream: { ip: "172.31.0.11", port: 44_444 },
  endpoint: { ip: "10.244.3.4", port: 8080 },
  candidates: [
    { ip: "10.244.1.9", port: 8080, weight: 1, probability: 0.25 },
    { ip: "10.244.3.4", port: 8080, weight: 3, probability: 0.75 },
  ],
  draw: 0.4,
  affinity: false,
  resourceVersion: "57",
  connectMs: 0.3,
};

import { describe, expect, it } from "vitest";
import { createStyle } from "./style.ts";
import { joinTrace } from "./join.ts";
import { formatLadder } from "./ladder.ts";
import {
  CLIENT,
  dnsForwarded,
  dnsResolved,
  httpForwarded,
  report,
} from "./testing/traced-request.ts";
import type { Trace } from "./trace-request.ts";

const from = { namespace: "default", name: "client-x", ip: CLIENT, node: "node-1" };
const pods: Trace["pods"] = new Map([
  ["10.244.2.2", { namespace: "kube-system", name: "coredns-b", ip: "10.244.2.2", node: "node-2" }],
  ["10.244.3.4", { namespace: "default", name: "my-api-b", ip: "10.244.3.4", node: "node-3" }],
]);
const plain = createStyle(false);

function trace(change: Partial<Parameters<typeof joinTrace>[0]> = {}): Trace {
  const request = joinTrace({
    report,
    events: [dnsForwarded, dnsResolved, httpForwarded],
    clientIp: CLIENT,
    podIps: new Set(pods.keys()),
    ...change,
  });
  return { method: "GET", from, request, pods };
}

describe("formatLadder", () => {
  it("shows the whole path of a request", () => {
    expect(formatLadder(trace(), plain))
      .toBe(`GET http://my-api/hello  from pod default/client-x (10.244.1.5, node-1)

  resolv.conf nameserver 10.96.0.10   ndots:5
              search default.svc.cluster.local svc.cluster.local cluster.local

  DNS query   my-api.default.svc.cluster.local A  UDP 10.244.1.5:50000 → 10.96.0.10:53
  kube-proxy  node-1: kube-system/kube-dns:dns → 10.244.2.2:53  = pod kube-system/coredns-b on node-2
              drew 0.731 among 2 endpoints:
                10.244.1.2:53       0.000–0.500  weight 1, 50.0 %
              ▸ 10.244.2.2:53       0.500–1.000  weight 1, 50.0 %  kube-system/coredns-b
              from 172.31.0.11:33333, resourceVersion 41
  DNS pod     plugin kubernetes answers in 0.20 ms, resourceVersion 40
  answer      NOERROR 10.96.0.50  after 1.6 ms

  TCP         10.244.1.5:40000 → 10.96.0.50:80  connected in 0.70 ms
  kube-proxy  node-1: default/my-api:http → 10.244.3.4:8080  = pod default/my-api-b on node-3
              drew 0.400 among 2 endpoints:
                10.244.1.9:8080     0.000–0.250  weight 1, 25.0 %
              ▸ 10.244.3.4:8080     0.250–1.000  weight 3, 75.0 %  default/my-api-b
              from 172.31.0.11:44444, connected in 0.30 ms, resourceVersion 57

  answer      HTTP 200 in 2.4 ms
              hello from my-api-b
`);
  });

  it("does not repeat the proxy's decision for a query of the same flow", () => {
    const [query] = report.queries as [(typeof report.queries)[0]];
    const text = formatLadder(trace({ report: { ...report, queries: [query, query] } }), plain);
    expect(text.match(/kube-dns:dns → /g)).toHaveLength(1);
    expect(text).toContain("kube-proxy  the same flow, so the same DNS pod\n  DNS pod ");
  });

  it("says when hops are missing", () => {
    expect(formatLadder(trace({ events: [] }), plain)).toContain("Not every hop was told");
  });

  it("says why a connection was refused", () => {
    const { connection: _connection, response: _response, ...rest } = report;
    const remote = { ip: "10.96.0.50", port: 80 };
    const text = formatLadder(
      trace({
        report: {
          ...rest,
          failedConnections: [{ remote, error: "ECONNREFUSED", ms: 1 }],
          error: {
            step: "connect",
            reason: "ECONNREFUSED",
            message: "could not connect to my-api",
          },
        },
        events: [
          {
            type: "rejected",
            component: "kube-proxy",
            node: "node-1",
            time: 1,
            protocol: "TCP",
            service: "default/my-api:http",
            client: { ip: CLIENT, port: 1 },
            frontend: remote,
            reason: "NoEndpoints",
            resourceVersion: "8",
          },
        ],
      }),
      plain,
    );
    expect(text).toContain("10.96.0.50:80: ECONNREFUSED after 1.0 ms");
    expect(text).toContain(
      "default/my-api:http: the Service has no ready endpoint, resourceVersion 8",
    );
    expect(text).toContain("failed      could not connect to my-api");
  });

  it("cuts long lists of candidates, and names session affinity", () => {
    const candidates = Array.from({ length: 15 }, (_, index) => ({
      ip: `10.244.3.${index}`,
      port: 8080,
      weight: 1,
      probability: 1 / 15,
    }));
    const text = formatLadder(
      trace({ events: [{ ...httpForwarded, candidates, affinity: true }] }),
      plain,
    );
    expect(text).toContain("session affinity keeps the endpoint (15 endpoints)");
    expect(text).toContain("and 3 more");
  });
});

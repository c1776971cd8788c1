import { buildTable } from "@kubehop/routing";
import { serviceFixture, sliceFixture } from "@kubehop/routing/testing";
import { Registry } from "prom-client";
import { describe, expect, it } from "vitest";
import { createKernelStats } from "./dataplane/kernel/kernel-stats.ts";
import { createForwarderStats } from "./forwarder-stats.ts";
import { countWithoutLocalEndpoints, createProxyMetrics } from "./metrics.ts";

const NODE = { name: "node-1", addresses: ["172.31.0.11"] };

describe("createProxyMetrics", () => {
  it("counts changes as pending until a sync", async () => {
    const { metrics, text } = setUp();
    metrics.changed("service");
    metrics.changed("endpoint");
    metrics.changed("endpoint");
    expect(await text()).toContain("kubeproxy_sync_proxy_rules_endpoint_changes_pending 2\n");
    metrics.synced({
      durationSeconds: 0.003,
      kind: "partial",
      latenciesSeconds: [0.3, 70],
      table: buildTable([], [], NODE, "1"),
    });
    const after = await text();
    expect(after).toContain("kubeproxy_sync_proxy_rules_endpoint_changes_pending 0\n");
    expect(after).toContain("kubeproxy_sync_proxy_rules_endpoint_changes_total 2\n");
    expect(after).toContain("kubeproxy_sync_proxy_rules_service_changes_total 1\n");
    expect(after).toContain(
      'kubeproxy_sync_proxy_rules_duration_seconds_bucket{le="0.004",ip_family="IPv4"} 1\n',
    );
    expect(after).toContain(
      'kubeproxy_network_programming_duration_seconds_bucket{le="70",ip_family="IPv4"} 2\n',
    );
    expect(after).toContain(
      'kubeproxy_sync_proxy_rules_last_timestamp_seconds{ip_family="IPv4"} 1234.5\n',
    );
  });

  it("shows the forwarder's numbers at the moment of the scrape", async () => {
    const { stats, text } = setUp();
    stats.bytesIn = 7;
    stats.rejected.DialFailed = 2;
    expect(await text()).toContain("kubehop_proxy_received_bytes_total 7\n");
    stats.bytesIn = 9;
    const later = await text();
    expect(later).toContain("kubehop_proxy_received_bytes_total 9\n");
    expect(later).toContain('kubehop_proxy_rejected_flows_total{reason="DialFailed"} 2\n');
    expect(later).toContain("kubehop_proxy_unbound_ports 1\n");
  });
});

describe("kubehop_proxy_forwarder_info", () => {
  it("names who moves the bytes", async () => {
    expect(await setUp().text()).toContain('kubehop_proxy_forwarder_info{forwarder="epoll"} 1\n');
  });
});

describe("kubeproxy_sync_proxy_rules_no_local_endpoints_total", () => {
  it("tells of the table served last", async () => {
    const { metrics, text } = setUp();
    const name = "kubeproxy_sync_proxy_rules_no_local_endpoints_total";
    expect(await text()).not.toContain(`${name}{`);
    const service = serviceFixture({ spec: { internalTrafficPolicy: "Local" } });
    for (const [slices, count] of [
      [[sliceFixture({ endpoints: ["10.244.2.1"] })], 1],
      [[], 0],
    ] as const) {
      const table = buildTable([service], slices, NODE, "1");
      metrics.synced({ durationSeconds: 0, kind: "full", latenciesSeconds: [], table });
      expect(await text()).toContain(
        `${name}{ip_family="IPv4",traffic_policy="internal"} ${count}\n`,
      );
    }
  });
});

describe("countWithoutLocalEndpoints", () => {
  it("counts service ports once per policy, only when endpoints are elsewhere", () => {
    const local = { internalTrafficPolicy: "Local", externalTrafficPolicy: "Local" } as const;
    const ports = [{ name: "http", port: 80, nodePort: 30_080 }];
    const services = [
      serviceFixture({ name: "elsewhere", spec: { ...local, clusterIP: "10.96.0.1" }, ports }),
      serviceFixture({ name: "nowhere", spec: { ...local, clusterIP: "10.96.0.2" } }),
      serviceFixture({ name: "here", spec: { ...local, clusterIP: "10.96.0.3" } }),
    ];
    const slices = [
      sliceFixture({ service: "elsewhere", endpoints: ["10.244.2.1"] }),
      sliceFixture({
        service: "here",
        endpoints: [{ addresses: ["10.244.1.1"], nodeName: "node-1" }],
      }),
    ];
    const table = buildTable(services, slices, NODE, "1");
    expect(countWithoutLocalEndpoints(table)).toEqual({ internal: 1, external: 1 });
  });
});

function setUp() {
  const registry = new Registry();
  const stats = createForwarderStats();
  const metrics = createProxyMetrics({
    registry,
    stats,
    kernelStats: createKernelStats(),
    forwarder: "epoll",
    family: "IPv4",
    unboundPorts: () => 1,
    now: () => 1_234_500,
  });
  return { metrics, stats, text: () => registry.metrics() };
}

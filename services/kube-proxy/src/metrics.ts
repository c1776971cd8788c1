import { Counter, Gauge, Histogram, type Registry } from "prom-client";
import type { IpFamily, ServiceTable } from "@kubehop/routing";
import type { SyncKind } from "./dataplane/dataplane.ts";
import type { KernelStats } from "./dataplane/kernel/kernel-stats.ts";
import { registerKernelMetrics } from "./dataplane/kernel/metrics.ts";
import type { ForwarderStats } from "./forwarder-stats.ts";

/** What kube-proxy measures, with upstream's names where it has them. */
export interface ProxyMetrics {
  /** A Service or slice has changed and waits for a sync. */
  changed(kind: "service" | "endpoint"): void;
  /** A sync has applied a table. */
  synced(sync: SyncMeasurement): void;
  healthAnswered(path: "healthz" | "livez", code: number): void;
}

/** One sync. */
export interface SyncMeasurement {
  readonly durationSeconds: number;
  /** From each triggering change to now, in seconds. */
  readonly kind: SyncKind;
  readonly latenciesSeconds: readonly number[];
  readonly table: ServiceTable;
}

/** What the metrics read from when they are scraped. */
export interface ProxyMetricsOptions {
  readonly registry: Registry;
  readonly stats: ForwarderStats;
  readonly kernelStats: KernelStats;
  /** Who moves bytes in userspace mode; undefined where the kernel does. */
  readonly forwarder: "epoll" | "node" | undefined;
  /** The label ip_family: one sync serves all families, so it is the primary one's. */
  readonly family: IpFamily;
  unboundPorts(): number;
  /** Unix time in ms. */
  now(): number;
}

/** 1 ms · 2ⁿ, 15 buckets. */
const SYNC_BUCKETS = Array.from({ length: 15 }, (_, n) => 0.001 * 2 ** n);
const LATENCY_BUCKETS = [
  0.25,
  0.5,
  ...range(1, 59, 1),
  ...range(60, 115, 5),
  ...range(120, 300, 30),
];

/** Registers the metrics of kube-proxy and its forwarder. */
export function createProxyMetrics(options: ProxyMetricsOptions): ProxyMetrics {
  registerForwarderMetrics(options);
  registerForwarderInfo(options);
  registerKernelMetrics(options);
  const { family, now } = options;
  let served: ServiceTable | undefined;
  registerLocalPolicyMetric(options, () => served);
  const sync = createSyncMetrics(options.registry);
  const answers = createAnswerCounters(options.registry);
  const seconds = (): number => now() / 1_000;
  return {
    changed(kind) {
      sync.total[kind].inc();
      sync.pending[kind].inc();
      sync.lastQueued.set({ ip_family: family }, seconds());
    },
    synced({ durationSeconds, kind, latenciesSeconds, table }) {
      sync.duration.all.observe({ ip_family: family }, durationSeconds);
      sync.duration[kind].observe({ ip_family: family }, durationSeconds);
      for (const latency of latenciesSeconds) sync.latency.observe({ ip_family: family }, latency);
      sync.lastTime.set({ ip_family: family }, seconds());
      sync.pending.service.set(0);
      sync.pending.endpoint.set(0);
      sync.frontends.set(table.frontends.size);
      served = table;
    },
    healthAnswered: (path, code) => answers[path].inc({ code: String(code) }),
  };
}

/** Service ports with a Local policy whose endpoints are all on other nodes. */
export function countWithoutLocalEndpoints(
  table: ServiceTable,
): Record<"internal" | "external", number> {
  const keys = { internal: new Set<string>(), external: new Set<string>() };
  for (const { policy, external, service } of table.frontends.values()) {
    if (policy !== "Local" || service.local.total > 0 || !service.anywhere) continue;
    keys[external ? "external" : "internal"].add(service.key);
  }
  return { internal: keys.internal.size, external: keys.external.size };
}

function createSyncMetrics(registry: Registry) {
  const registers = [registry];
  const labelNames = ["ip_family"] as const;
  const gauge = (name: string, help: string) => new Gauge({ name, help, labelNames, registers });
  const plain = (name: string, help: string) => new Gauge({ name, help, registers });
  const counter = (name: string, help: string) => new Counter({ name, help, registers });
  const histogram = (name: string, help: string) =>
    new Histogram({ name, help, labelNames, buckets: SYNC_BUCKETS, registers });
  const prefix = "kubeproxy_sync_proxy_rules";
  return {
    duration: {
      all: histogram(`${prefix}_duration_seconds`, "Time a sync took, in seconds."),
      full: histogram(
        "kubeproxy_sync_full_proxy_rules_duration_seconds",
        "Time a sync took that wrote everything anew, in seconds.",
      ),
      partial: histogram(
        "kubeproxy_sync_partial_proxy_rules_duration_seconds",
        "Time a sync took that wrote only what had changed, in seconds.",
      ),
    },
    latency: new Histogram({
      name: "kubeproxy_network_programming_duration_seconds",
      help: "Time from the change of a pod or Service to its sync on this node, in seconds.",
      labelNames,
      buckets: LATENCY_BUCKETS,
      registers,
    }),
    lastTime: gauge(`${prefix}_last_timestamp_seconds`, "Unix time of the last sync."),
    lastQueued: gauge(
      `${prefix}_last_queued_timestamp_seconds`,
      "Unix time of the last change that asked for a sync.",
    ),
    pending: {
      service: plain(`${prefix}_service_changes_pending`, "Changes of Services not synced yet."),
      endpoint: plain(`${prefix}_endpoint_changes_pending`, "Changes of slices not synced yet."),
    },
    total: {
      service: counter(`${prefix}_service_changes_total`, "Changes of Services seen."),
      endpoint: counter(`${prefix}_endpoint_changes_total`, "Changes of EndpointSlices seen."),
    },
    frontends: plain("kubehop_proxy_frontends", "Addresses and ports in the service table."),
  };
}

/** Counted when somebody scrapes: it takes a look at the whole table. */
function registerLocalPolicyMetric(
  { registry, family }: ProxyMetricsOptions,
  served: () => ServiceTable | undefined,
): void {
  const metric: Gauge<"ip_family" | "traffic_policy"> = new Gauge({
    name: "kubeproxy_sync_proxy_rules_no_local_endpoints_total",
    help: "Service ports with a Local traffic policy and no endpoint on this node.",
    labelNames: ["ip_family", "traffic_policy"] as const,
    registers: [registry],
    collect() {
      const table = served();
      if (table === undefined) return;
      for (const [traffic_policy, count] of Object.entries(countWithoutLocalEndpoints(table))) {
        metric.set({ ip_family: family, traffic_policy }, count);
      }
    },
  });
}

function createAnswerCounters(registry: Registry): Record<"healthz" | "livez", Counter<"code">> {
  const create = (path: string) =>
    new Counter({
      name: `kubeproxy_proxy_${path}_total`,
      help: `Answers of /${path} by status code.`,
      labelNames: ["code"] as const,
      registers: [registry],
    });
  return { healthz: create("healthz"), livez: create("livez") };
}

/** The forwarder's hot path only adds to numbers; they become metrics when somebody scrapes. */
function registerForwarderMetrics({ registry, stats, unboundPorts }: ProxyMetricsOptions): void {
  const gauge = (name: string, help: string, read: () => number): void => {
    const collect = (): void => metric.set(read());
    const metric: Gauge = new Gauge({
      name: `kubehop_proxy_${name}`,
      help,
      registers: [registry],
      collect,
    });
  };
  const counter = (name: string, help: string, read: () => number): void => {
    const collect = (): void => {
      metric.reset();
      metric.inc(read());
    };
    const metric: Counter = new Counter({
      name: `kubehop_proxy_${name}_total`,
      help,
      registers: [registry],
      collect,
    });
  };
  gauge("tcp_connections", "TCP connections open now.", () => stats.tcpConnectionsOpen);
  counter("tcp_connections", "TCP connections accepted.", () => stats.tcpConnections);
  counter("dial_retries", "Dials repeated with another endpoint.", () => stats.dialRetries);
  counter("received_bytes", "Bytes from clients.", () => stats.bytesIn);
  counter("sent_bytes", "Bytes to clients.", () => stats.bytesOut);
  gauge("udp_flows", "UDP flows open now.", () => stats.udpFlowsOpen);
  counter("udp_flows", "UDP flows opened.", () => stats.udpFlows);
  counter("udp_flows_evicted", "UDP flows ended to make room.", () => stats.udpFlowsEvicted);
  counter("udp_errors", "Errors of UDP sockets.", () => stats.udpErrors);
  counter("bind_failures", "Failed attempts to bind an address.", () => stats.bindFailures);
  gauge("unbound_ports", "Addresses that should be served and are not bound.", unboundPorts);
  const rejected: Counter<"reason"> = new Counter({
    name: "kubehop_proxy_rejected_flows_total",
    help: "Flows turned away or given up, by reason.",
    labelNames: ["reason"] as const,
    registers: [registry],
    collect() {
      rejected.reset();
      for (const [reason, count] of Object.entries(stats.rejected)) rejected.inc({ reason }, count);
    },
  });
}

/** Which of the two `--forwarder=auto` has come to. */
function registerForwarderInfo({ registry, forwarder }: ProxyMetricsOptions): void {
  const info = new Gauge({
    name: "kubehop_proxy_forwarder_info",
    help: "1 for who moves bytes in userspace mode: epoll or node.",
    labelNames: ["forwarder"] as const,
    registers: [registry],
  });
  if (forwarder !== undefined) info.set({ forwarder }, 1);
}

function range(from: number, to: number, step: number): number[] {
  return Array.from({ length: Math.floor((to - from) / step) + 1 }, (_, n) => from + n * step);
}

import { Counter, Gauge, Histogram, type Registry } from "prom-client";
import { IPTABLES_TABLES } from "@kubehop/rules";
import type { IpFamily } from "@kubehop/routing";
import type { KernelStats } from "./kernel-stats.ts";

/** What the metrics of kernel modes read from when they are scraped. */
export interface KernelMetricsOptions {
  readonly registry: Registry;
  readonly kernelStats: KernelStats;
  readonly family: IpFamily;
}

/** 1 ms · 2ⁿ, 15 buckets. */
const BUCKETS = Array.from({ length: 15 }, (_, n) => 0.001 * 2 ** n);

/** Registers the metrics of iptables, nftables and the look for stale UDP flows, with upstream's names. */
export function registerKernelMetrics(options: KernelMetricsOptions): void {
  const { kernelStats } = options;
  const sync = "kubeproxy_sync_proxy_rules";
  const counter = createCounters(options);
  counter(
    `${sync}_iptables_restore_failures_total`,
    "Runs of iptables-restore that failed.",
    () => kernelStats.iptablesRestoreFailures,
  );
  counter(
    `${sync}_iptables_partial_restore_failures_total`,
    "Runs of iptables-restore for a partial sync that failed.",
    () => kernelStats.iptablesPartialRestoreFailures,
  );
  counter(
    `${sync}_nftables_sync_failures_total`,
    "Syncs of nftables that failed.",
    () => kernelStats.nftablesSyncFailures,
  );
  counter(
    `${sync}_nftables_cleanup_failures_total`,
    "Deletions of unused nftables chains that failed.",
    () => kernelStats.nftablesCleanupFailures,
  );
  counter(
    "kubeproxy_conntrack_reconciler_deleted_entries_total",
    "UDP flows ended because their endpoint no longer serves.",
    () => kernelStats.conntrackDeleted,
  );
  registerRuleCounts(options);
  registerConntrackDuration(options);
}

function createCounters({ registry, family }: KernelMetricsOptions) {
  return (name: string, help: string, read: () => number): void => {
    const metric: Counter<"ip_family"> = new Counter({
      name,
      help,
      labelNames: ["ip_family"] as const,
      registers: [registry],
      collect() {
        metric.reset();
        metric.inc({ ip_family: family }, read());
      },
    });
  };
}

function registerRuleCounts({ registry, family, kernelStats }: KernelMetricsOptions): void {
  const gauge = (name: string, help: string, read: (table: "filter" | "nat") => number): void => {
    const metric: Gauge<"ip_family" | "table"> = new Gauge({
      name,
      help,
      labelNames: ["ip_family", "table"] as const,
      registers: [registry],
      collect() {
        for (const table of IPTABLES_TABLES) metric.set({ ip_family: family, table }, read(table));
      },
    });
  };
  const prefix = "kubeproxy_sync_proxy_rules_iptables";
  const { iptables } = kernelStats;
  gauge(`${prefix}_total`, "Rules owned in a table of iptables.", (table) =>
    iptables[table].total(),
  );
  gauge(
    `${prefix}_last`,
    "Rules written to a table of iptables by the last sync.",
    (table) => iptables[table].last,
  );
}

function registerConntrackDuration({ registry, family, kernelStats }: KernelMetricsOptions): void {
  const metric: Histogram<"ip_family"> = new Histogram({
    name: "kubeproxy_conntrack_reconciler_sync_duration_seconds",
    help: "Time a look for stale UDP flows took, in seconds.",
    labelNames: ["ip_family"] as const,
    buckets: BUCKETS,
    registers: [registry],
    collect() {
      for (const seconds of kernelStats.conntrackDurations.splice(0)) {
        metric.observe({ ip_family: family }, seconds);
      }
    },
  });
}

import type { Node } from "@kubehop/api";
import type { Clock } from "@kubehop/kit";
import type { IpFamily } from "@kubehop/routing";
import type { UnboundPort } from "./dataplane/dataplane.ts";

/** Taint of a node that the cluster autoscaler is about to remove. */
const DELETION_TAINT = "ToBeDeletedByClusterAutoscaler";

/** How far the proxy is behind (upstream: pkg/proxy/healthcheck/proxy_health.go). */
export interface ProxyHealth {
  /** A change waits to be applied. */
  queued(): void;
  /** A sync begins that will apply all changes queued so far. */
  syncing(): void;
  /** That sync has succeeded. */
  synced(): void;
  /** What /healthz (with the node) or /livez (without) says. */
  report(path: "healthz" | "livez"): HealthReport;
}

/** Body of /healthz and /livez, with upstream's fields and those ports that are not served. */
export interface HealthReport {
  readonly lastUpdated: string;
  readonly currentTime: string;
  /** False while the node is deleted or tainted for it; load balancers then go elsewhere. */
  readonly nodeEligible: boolean;
  readonly healthy: boolean;
  readonly status: Readonly<
    Partial<Record<IpFamily, { readonly lastUpdated: string; readonly healthy: boolean }>>
  >;
  readonly unboundPorts: readonly UnboundPort[];
}

/** What health depends on. */
export interface ProxyHealthOptions {
  readonly clock: Clock;
  /** A change that waits longer makes the proxy unhealthy, in ms. */
  readonly timeoutMs: number;
  readonly families: readonly IpFamily[];
  node(): Node | undefined;
  unboundPorts(): readonly UnboundPort[];
}

/** Creates the health of a proxy that starts: healthy, with nothing applied yet. */
export function createProxyHealth(options: ProxyHealthOptions): ProxyHealth {
  const { clock, timeoutMs, families } = options;
  let lastUpdated: number | undefined;
  // By a clock that does not jump: a pending change is as old as it is.
  let oldestQueued: number | undefined;
  let oldestSyncing: number | undefined;
  return {
    queued: () => void (oldestQueued ??= clock.monotonic()),
    syncing() {
      oldestSyncing ??= oldestQueued;
      oldestQueued = undefined;
    },
    synced() {
      lastUpdated = clock.now();
      oldestSyncing = undefined;
    },
    report(path) {
      const oldestPending = oldestSyncing ?? oldestQueued;
      const current = oldestPending === undefined || clock.monotonic() - oldestPending < timeoutMs;
      const nodeEligible = isEligible(options.node());
      const updated = formatTime(lastUpdated);
      return {
        lastUpdated: updated,
        currentTime: formatTime(clock.now()),
        nodeEligible,
        healthy: current && (path === "livez" || nodeEligible),
        status: Object.fromEntries(
          families.map((family) => [family, { lastUpdated: updated, healthy: current }]),
        ),
        unboundPorts: options.unboundPorts(),
      };
    },
  };
}

/** A node this proxy does not know (yet) is eligible, as upstream. */
function isEligible(node: Node | undefined): boolean {
  if (node === undefined) return true;
  if (node.metadata.deletionTimestamp !== undefined) return false;
  return !(node.spec?.taints ?? []).some(({ key }) => key === DELETION_TAINT);
}

/** Never is Go's zero time. */
function formatTime(time: number | undefined): string {
  return time === undefined ? "0001-01-01T00:00:00Z" : new Date(time).toISOString();
}

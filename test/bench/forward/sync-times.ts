import { waitFor } from "@kubehop/testkit";
import type { OwnedProcess } from "../forward-processes.ts";
import { METRICS_PORT } from "./kube-proxies.ts";
import type { BenchNode } from "./network.ts";

/** What a kube-proxy says of its syncs. */
export interface SyncTimes {
  readonly syncs: number;
  readonly totalMs: number;
  /** Those that wrote everything. */
  readonly fullMs: number;
}

/** Rules of ten thousand Services take their time. */
const SYNC_DEADLINE_MS = 120_000;

/** Reads kube-proxy's own metrics of its syncs. */
export async function readSyncTimes(node: BenchNode): Promise<SyncTimes> {
  const text = await ask(node, "metrics");
  const value = (name: string): number =>
    Number(new RegExp(`^kubeproxy_sync_${name}(?:\\{[^}]*\\})? (\\S+)`, "m").exec(text)?.[1] ?? 0);
  return {
    syncs: value("proxy_rules_duration_seconds_count"),
    totalMs: value("proxy_rules_duration_seconds_sum") * 1_000,
    fullMs: value("full_proxy_rules_duration_seconds_sum") * 1_000,
  };
}

/** Waits until it has synced so often. */
export async function waitForSyncs(
  child: OwnedProcess,
  node: BenchNode,
  syncs: number,
): Promise<void> {
  await waitFor(
    async () => {
      if (child.exitCode !== null) throw new Error("kube-proxy has ended");
      return (await readSyncTimes(node)).syncs >= syncs;
    },
    { timeoutMs: SYNC_DEADLINE_MS, describe: `${syncs} syncs of ${node.namespace}` },
  );
}

/** The mode it is in, once it says so: without a mode's tools it falls back to userspace. */
export async function waitForMode(child: OwnedProcess, node: BenchNode): Promise<string> {
  return await waitFor(
    () => {
      if (child.exitCode !== null) throw new Error("kube-proxy has ended");
      return ask(node, "proxyMode");
    },
    { timeoutMs: 40_000, describe: `kube-proxy of ${node.namespace}` },
  );
}

async function ask({ ip }: BenchNode, path: string): Promise<string> {
  const response = await fetch(`http://${ip}:${METRICS_PORT}/${path}`);
  return await response.text();
}

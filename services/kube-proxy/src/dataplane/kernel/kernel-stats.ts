import { IPTABLES_TABLES, type IptablesTable } from "@kubehop/rules";

/** What a kernel data plane has done so far; metrics.ts reads it when it is scraped. */
export interface KernelStats {
  /** Rules of ours in each table of iptables mode, and lines written by the last sync. */
  readonly iptables: Record<IptablesTable, { total: () => number; last: number }>;
  iptablesRestoreFailures: number;
  iptablesPartialRestoreFailures: number;
  nftablesSyncFailures: number;
  nftablesCleanupFailures: number;
  /** Seconds that each look for stale UDP flows took; emptied when read. */
  readonly conntrackDurations: number[];
  conntrackDeleted: number;
}

/** Statistics that begin at zero. */
export function createKernelStats(): KernelStats {
  const tables = IPTABLES_TABLES.map((name) => [name, { total: () => 0, last: 0 }]);
  return {
    iptables: Object.fromEntries(tables) as KernelStats["iptables"],
    iptablesRestoreFailures: 0,
    iptablesPartialRestoreFailures: 0,
    nftablesSyncFailures: 0,
    nftablesCleanupFailures: 0,
    conntrackDurations: [],
    conntrackDeleted: 0,
  };
}

import type { SetupContext } from "../../plugin.ts";
import type { CounterSeries } from "../../series.ts";
import type { Zones } from "../../zones.ts";

const HALVES = ["success", "denial"] as const;
type Half = (typeof HALVES)[number];

/** What a `cache` directive counts. */
export interface Counts {
  of(server: string): ServerCounts;
  eviction(half: Half): void;
  /** How many entries the halves hold now. */
  entries(server: string, sizes: Readonly<Record<Half, number>>): void;
}

/** The counters of one listener. */
export interface ServerCounts {
  readonly requests: CounterSeries;
  readonly misses: CounterSeries;
  readonly hits: Readonly<Record<Half, CounterSeries>>;
  readonly stale: CounterSeries;
  readonly prefetch: CounterSeries;
}

/** Creates the counters of a directive for these zones. */
export function createCounts(zones: Zones, { metrics, view }: SetupContext): Counts {
  const label = zones.join(",");
  const { cache: family } = metrics.plugins;
  const known = new Map<string, ServerCounts>();
  let lastServer = "";
  const create = (server: string): ServerCounts => ({
    requests: family.requests(server, label, view),
    misses: family.misses(server, label, view),
    hits: {
      success: family.hits(server, "success", label, view),
      denial: family.hits(server, "denial", label, view),
    },
    stale: family.servedStale(server, label, view),
    prefetch: family.prefetch(server, label, view),
  });
  return {
    of(server) {
      lastServer = server;
      let counts = known.get(server);
      if (counts === undefined) known.set(server, (counts = create(server)));
      return counts;
    },
    eviction: (half) => family.evictions(lastServer, half, label, view).inc(),
    entries(server, sizes) {
      for (const half of HALVES) {
        family.entries.set({ server, type: half, zones: label, view }, sizes[half]);
      }
    },
  };
}

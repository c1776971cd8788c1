import type { ForwarderStats } from "../../forwarder-stats.ts";

/** A flow as the table of all flows sees it. */
export interface TrackedFlow {
  /** Whether a datagram went either way since the last call. */
  takeActivity(): boolean;
  /** Closes the flow; it calls `delete` itself. */
  end(): void;
}

/** All UDP flows of a forwarder: bounds their number and ends idle ones. */
export interface UdpFlows extends Disposable {
  /** Takes a new flow in; at the limit the one idle for longest makes room. */
  add(flow: TrackedFlow): void;
  delete(flow: TrackedFlow): void;
}

/** Limits of the flows. */
export interface UdpFlowsOptions {
  readonly maxFlows: number;
  readonly idleTimeoutMs: number;
  readonly stats: ForwarderStats;
}

/** An idle flow lives up to two such parts of the time-out longer. */
const SWEEPS_PER_TIMEOUT = 16;

/**
 * Creates an empty table. Time is counted in sweeps, so a datagram costs no look at the clock: the
 * set is ordered by the sweep in which a flow was last active.
 */
export function createUdpFlows({ maxFlows, idleTimeoutMs, stats }: UdpFlowsOptions): UdpFlows {
  const lastActive = new Map<TrackedFlow, number>();
  let sweeps = 0;

  function sweep(): void {
    sweeps += 1;
    // Flows moved to the end are met again in this very loop unless it stops at the old size.
    let left = lastActive.size;
    for (const [flow, seen] of lastActive) {
      if (left-- === 0) return;
      if (flow.takeActivity()) moveToEnd(flow);
      else if (sweeps - seen > SWEEPS_PER_TIMEOUT) flow.end();
    }
  }

  function moveToEnd(flow: TrackedFlow): void {
    lastActive.delete(flow);
    lastActive.set(flow, sweeps);
  }

  function evictOldest(): void {
    const [oldest] = lastActive.keys();
    stats.udpFlowsEvicted += 1;
    oldest?.end();
  }

  const timer = setInterval(sweep, Math.max(1, idleTimeoutMs / SWEEPS_PER_TIMEOUT));
  return {
    add(flow) {
      if (lastActive.size >= maxFlows) evictOldest();
      lastActive.set(flow, sweeps);
      stats.udpFlows += 1;
      stats.udpFlowsOpen = lastActive.size;
    },
    delete(flow) {
      lastActive.delete(flow);
      stats.udpFlowsOpen = lastActive.size;
    },
    [Symbol.dispose]() {
      clearInterval(timer);
      for (const flow of lastActive.keys()) flow.end();
    },
  };
}

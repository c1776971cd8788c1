import { isNotFound, Kinds, type Lease, type Node, NODE_LEASE_NAMESPACE } from "@kubehop/api";
import { findCondition } from "../../conditions.ts";
import type { Context } from "../controller.ts";

/** When each node was last heard of, by our own clock. */
export interface Heartbeats {
  /**
   * Whether nothing was heard of a node for the grace period. A live read of its lease has the last
   * word; it rejects while the API server is away. Nodes cannot renew anything then either, so all
   * grace periods start anew when it is back.
   */
  isSilent(node: Node): Promise<boolean>;
}

/** Listens to leases and node statuses. A time without bus counts for nobody. */
export function createHeartbeats({
  caches,
  rest,
  settings,
  clock,
  bus,
  signal,
}: Context): Heartbeats {
  const heard = new Map<string, number>();
  const renewTimes = new Map<string, string | undefined>();
  /** Whether the API server did not answer when it was asked last; it is asked on until it does. */
  let isAway = false;
  const hearAll = (): void => {
    for (const name of heard.keys()) heard.set(name, clock.now());
  };
  const hear = (name: string, lease: Lease | undefined): void => {
    const renewTime = lease?.spec?.renewTime;
    if (renewTimes.get(name) === renewTime) return;
    renewTimes.set(name, renewTime);
    heard.set(name, clock.now());
  };
  caches.Lease.onChange(({ current }) => {
    if (current?.metadata.namespace === NODE_LEASE_NAMESPACE) hear(current.metadata.name, current);
  });
  caches.Node.onChange(({ key, previous, current }) => {
    if (current === undefined) {
      heard.delete(key);
      renewTimes.delete(key);
    } else if (previous === undefined || heartbeatOf(previous) !== heartbeatOf(current)) {
      heard.set(key, clock.now());
    }
  });
  const reconnects = bus.onReconnect(hearAll);
  signal.addEventListener("abort", () => reconnects[Symbol.dispose](), { once: true });

  const isStale = (name: string): boolean =>
    clock.now() - (heard.get(name) ?? clock.now()) > settings.nodeMonitorGracePeriodMs;
  return {
    async isSilent({ metadata: { name } }) {
      if (!isAway && !isStale(name)) return false;
      try {
        hear(name, await rest.get(Kinds.Lease, { namespace: NODE_LEASE_NAMESPACE, name }));
      } catch (error) {
        if (!isNotFound(error)) {
          isAway = true;
          throw error;
        }
      }
      if (isAway) hearAll();
      isAway = false;
      return isStale(name);
    },
  };
}

/** The kubelet's own sign of life in the node's status. */
function heartbeatOf({ status }: Node): string | undefined {
  const ready = findCondition(status?.conditions, "Ready");
  return ready?.status === "Unknown" ? undefined : ready?.lastHeartbeatTime;
}

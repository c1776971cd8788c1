import type { ServicePort } from "./service-table.ts";

/** Looks up which endpoint a client was sent to before. */
export interface AffinityReader {
  /** The endpoint's key while the Service's timeout has not passed; else undefined. */
  recall(service: ServicePort, clientIp: string): string | undefined;
}

/** The memory behind `sessionAffinity: ClientIP`: client address → endpoint, per service port. */
export interface AffinityMemory extends AffinityReader {
  /** Notes the endpoint a new flow got; the time-out starts anew. */
  remember(service: ServicePort, clientIp: string, endpointKey: string): void;
  /** Forgets clients whose endpoint the service port no longer uses. */
  retain(service: ServicePort): void;
  /** Forgets all clients of a service port. */
  forget(serviceKey: string): void;
  /** How many clients of a service port are remembered. */
  size(serviceKey: string): number;
}

/** What the memory needs. */
export interface AffinityOptions {
  /** Milliseconds that never go back. */
  readonly monotonic: () => number;
  /** Clients remembered per service port; the one unseen for longest makes room. Default 65,536. */
  readonly maxClients?: number;
}

/** Remembers nobody: what to hand to `decide` where no memory is kept. */
export const NO_AFFINITY: AffinityReader = { recall: () => undefined };

interface Entry {
  readonly endpointKey: string;
  readonly seen: number;
}

/** Clients of one service port, in the order they were last seen. */
type Clients = Map<string, Entry>;

/**
 * Creates an empty memory. As with kube-proxy's iptables mode only a new flow refreshes an entry,
 * each port of a Service remembers for itself, and everything is lost with the process.
 */
export function createAffinityMemory(options: AffinityOptions): AffinityMemory {
  const { monotonic, maxClients = 65_536 } = options;
  const services = new Map<string, Clients>();
  return {
    recall({ key, affinityTimeoutMs }, clientIp) {
      const entry = services.get(key)?.get(clientIp);
      if (entry === undefined || affinityTimeoutMs === undefined) return undefined;
      return monotonic() - entry.seen < affinityTimeoutMs ? entry.endpointKey : undefined;
    },
    remember({ key, affinityTimeoutMs }, clientIp, endpointKey) {
      if (affinityTimeoutMs === undefined) return;
      const clients = services.get(key) ?? new Map<string, Entry>();
      services.set(key, clients);
      clients.delete(clientIp);
      clients.set(clientIp, { endpointKey, seen: monotonic() });
      dropOldest(clients, monotonic() - affinityTimeoutMs, maxClients);
    },
    retain({ key, cluster, local }) {
      for (const [clientIp, { endpointKey }] of services.get(key) ?? []) {
        if (cluster.byKey.has(endpointKey) || local.byKey.has(endpointKey)) continue;
        services.get(key)?.delete(clientIp);
      }
    },
    forget: (serviceKey) => void services.delete(serviceKey),
    size: (serviceKey) => services.get(serviceKey)?.size ?? 0,
  };
}

/** Expired entries stand first, so two looks for each new entry keep the memory clean. */
function dropOldest(clients: Clients, expiredBefore: number, maxClients: number): void {
  let looks = 2;
  for (const [clientIp, { seen }] of clients) {
    if (clients.size <= maxClients && (seen > expiredBefore || looks === 0)) return;
    clients.delete(clientIp);
    looks -= 1;
  }
}

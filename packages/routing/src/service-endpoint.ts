import { type EndpointSlice, parseWeights } from "@kubehop/api";
import { formatAddress, type Protocol } from "./flow.ts";

/** An IP family, as in `spec.ipFamilies` and `addressType`. */
export type IpFamily = "IPv4" | "IPv6";

/** One address that backs one port of a Service, as this node sees it. */
export interface ServiceEndpoint {
  /** `ip:port`. */
  readonly key: string;
  readonly ip: string;
  readonly port: number;
  /** Share of new flows, ≥ 0; 0 gets none. */
  readonly weight: number;
  readonly ready: boolean;
  readonly serving: boolean;
  readonly terminating: boolean;
  /** It runs on this node. */
  readonly local: boolean;
  /** Nodes and zones the EndpointSlice controller meant it for; empty without hints. */
  readonly nodeHints: readonly string[];
  readonly zoneHints: readonly string[];
}

/** Which port of a Service the endpoints are asked for, and on which node. */
export interface EndpointQuery {
  readonly portName: string;
  readonly protocol: Protocol;
  readonly family: IpFamily;
  readonly nodeName: string;
}

/**
 * The endpoints of one service port in all slices of its Service, ordered by key. As upstream
 * (pkg/proxy/endpointslicecache.go): only the first address counts, a port without number is
 * skipped, an unset `ready` or `serving` is true, and of two entries with the same address the
 * one that does not terminate wins.
 */
export function collectEndpoints(
  slices: readonly EndpointSlice[],
  query: EndpointQuery,
): ServiceEndpoint[] {
  const byKey = new Map<string, ServiceEndpoint>();
  for (const slice of slices) {
    if (slice.addressType !== query.family) continue;
    for (const endpoint of endpointsOfSlice(slice, query)) {
      const known = byKey.get(endpoint.key);
      if (known === undefined || (known.terminating && !endpoint.terminating)) {
        byKey.set(endpoint.key, endpoint);
      }
    }
  }
  return [...byKey.values()].sort((a, b) => (a.key < b.key ? -1 : 1));
}

function endpointsOfSlice(slice: EndpointSlice, query: EndpointQuery): ServiceEndpoint[] {
  const numbers = (slice.ports ?? [])
    .filter(({ name, protocol }) => {
      return (name ?? "") === query.portName && (protocol ?? "TCP") === query.protocol;
    })
    .map(({ port }) => port ?? 0)
    .filter((port) => port > 0 && port < 65_536);
  if (numbers.length === 0) return [];
  const weights = parseWeights(slice);
  return numbers.flatMap((port) =>
    (slice.endpoints ?? []).flatMap((endpoint) => {
      const [ip] = endpoint.addresses;
      if (ip === undefined) return [];
      return [toServiceEndpoint(endpoint, { ip, port, weight: weights.get(ip) ?? 1, query })];
    }),
  );
}

type SliceEndpoint = NonNullable<EndpointSlice["endpoints"]>[number];

interface Placement {
  readonly ip: string;
  readonly port: number;
  readonly weight: number;
  readonly query: EndpointQuery;
}

function toServiceEndpoint(endpoint: SliceEndpoint, placement: Placement): ServiceEndpoint {
  const { ip, port, weight, query } = placement;
  const { conditions, hints, nodeName } = endpoint;
  return Object.freeze({
    key: formatAddress(ip, port),
    ip,
    port,
    weight,
    ready: conditions?.ready ?? true,
    serving: conditions?.serving ?? true,
    terminating: conditions?.terminating ?? false,
    local: nodeName === query.nodeName,
    nodeHints: (hints?.forNodes ?? []).map(({ name }) => name),
    zoneHints: (hints?.forZones ?? []).map(({ name }) => name),
  });
}

import type { ServiceEndpoint } from "./service-endpoint.ts";

/** Endpoints a new flow may get, with the sums of their weights built once for all picks. */
export interface EndpointSet {
  /** Ordered by key; those of weight 0 are listed too but never picked. */
  readonly endpoints: readonly ServiceEndpoint[];
  /** Sum of the weights up to and including each endpoint. */
  readonly cumulative: readonly number[];
  /** Sum of all weights; 0 means that nothing can be picked. */
  readonly total: number;
  /** The endpoints that can be picked, by key. */
  readonly byKey: ReadonlyMap<string, ServiceEndpoint>;
}

/** One endpoint as a draw sees it. */
export interface Candidate {
  readonly ip: string;
  readonly port: number;
  readonly weight: number;
  /** Its share of new flows: weight / sum of weights. */
  readonly probability: number;
}

/** Builds the set of the given endpoints, which must be ordered by key. */
export function buildEndpointSet(endpoints: readonly ServiceEndpoint[]): EndpointSet {
  const cumulative: number[] = [];
  const byKey = new Map<string, ServiceEndpoint>();
  let total = 0;
  for (const endpoint of endpoints) {
    total += endpoint.weight;
    cumulative.push(total);
    if (endpoint.weight > 0) byKey.set(endpoint.key, endpoint);
  }
  return Object.freeze({ endpoints, cumulative, total, byKey });
}

/** The set without endpoints. */
export const NO_ENDPOINTS: EndpointSet = buildEndpointSet([]);

/**
 * The endpoint on which a draw in [0, 1) falls; undefined when the weights sum to 0. It takes
 * O(log n) and allocates nothing. The order of the endpoints is that of their keys, so a draw
 * means the same endpoint in every process that knows the same table.
 */
export function pickEndpoint(set: EndpointSet, draw: number): ServiceEndpoint | undefined {
  const { cumulative, endpoints, total } = set;
  if (total === 0) return undefined;
  const point = draw * total;
  let low = 0;
  let high = cumulative.length - 1;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((cumulative[middle] ?? total) > point) high = middle;
    else low = middle + 1;
  }
  return endpoints[low];
}

/** Every endpoint of the set with its weight and probability, in the order of the draw. */
export function candidatesOf(set: EndpointSet): Candidate[] {
  return set.endpoints.map(({ ip, port, weight }) => ({
    ip,
    port,
    weight,
    probability: set.total === 0 ? 0 : weight / set.total,
  }));
}

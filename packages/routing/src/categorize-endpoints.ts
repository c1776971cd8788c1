import type { ServiceEndpoint } from "./service-endpoint.ts";

/** Where a node stands, for hints and Local policies. */
export interface NodeTopology {
  readonly name: string;
  /** Its label topology.kubernetes.io/zone. */
  readonly zone?: string;
}

/** Which endpoints each traffic policy of a Service may use on one node. */
export interface EndpointCategories {
  /** For the policy Cluster. */
  readonly cluster: readonly ServiceEndpoint[];
  /** For the policy Local: never an endpoint of another node. */
  readonly local: readonly ServiceEndpoint[];
  /** Some node has an endpoint that could be picked. */
  readonly anywhere: boolean;
}

/**
 * Sorts the endpoints of a service port by traffic policy (upstream's CategorizeEndpoints,
 * pkg/proxy/topology.go):
 * 1. Cluster uses the ready endpoints that the topology hints leave to this node;
 * 2. Local uses the ready endpoints on this node and ignores hints;
 * 3. either one that finds no ready endpoint takes those that terminate but still serve (KEP-1669);
 * 4. an endpoint that terminates and does not serve is never used.
 */
export function categorizeEndpoints(
  endpoints: readonly ServiceEndpoint[],
  node: NodeTopology,
): EndpointCategories {
  const ready = endpoints.filter((endpoint) => endpoint.ready);
  const lingering = endpoints.filter(({ ready, serving, terminating }) => {
    return !ready && serving && terminating;
  });
  const localReady = ready.filter(({ local }) => local);
  return {
    cluster: ready.length > 0 ? nearestByHints(ready, node) : lingering,
    local: localReady.length > 0 ? localReady : lingering.filter(({ local }) => local),
    anywhere: [...ready, ...lingering].some(({ weight }) => weight > 0),
  };
}

/**
 * Hints count only when every ready endpoint has one and one names this node (or its zone): a
 * half-written set of hints would starve the endpoints without.
 */
function nearestByHints(
  ready: readonly ServiceEndpoint[],
  { name, zone }: NodeTopology,
): readonly ServiceEndpoint[] {
  return (
    hintedTo(ready, name, ({ nodeHints }) => nodeHints) ??
    (zone === undefined ? undefined : hintedTo(ready, zone, ({ zoneHints }) => zoneHints)) ??
    ready
  );
}

function hintedTo(
  ready: readonly ServiceEndpoint[],
  place: string,
  hintsOf: (endpoint: ServiceEndpoint) => readonly string[],
): readonly ServiceEndpoint[] | undefined {
  if (ready.some((endpoint) => hintsOf(endpoint).length === 0)) return undefined;
  const hinted = ready.filter((endpoint) => hintsOf(endpoint).includes(place));
  return hinted.length > 0 ? hinted : undefined;
}

import type { AffinityReader } from "./affinity.ts";
import { type Flow, frontendKey } from "./flow.ts";
import type { ServiceEndpoint } from "./service-endpoint.ts";
import type { Frontend, ServicePort, ServiceTable } from "./service-table.ts";
import { allowsSource } from "./source-ranges.ts";
import { buildEndpointSet, type EndpointSet, pickEndpoint } from "./weighted-pick.ts";

/** Where a flow goes, or why it goes nowhere. */
export type Decision = ForwardDecision | RejectDecision | DropDecision;

/** The flow goes to an endpoint. */
export interface ForwardDecision {
  readonly kind: "forward";
  readonly frontend: Frontend;
  readonly endpoint: ServiceEndpoint;
  /** What the draw was made from; `candidatesOf` explains it. */
  readonly endpoints: EndpointSet;
  readonly draw: number;
  /** The endpoint was remembered, not drawn. */
  readonly affinity: boolean;
}

/** The client is told at once that nobody is there (connection refused). */
export interface RejectDecision {
  readonly kind: "reject";
  readonly reason: "NoService" | "NoEndpoints";
  readonly frontend?: Frontend;
}

/** The flow gets no answer, so that a load balancer or the client tries another node. */
export interface DropDecision {
  readonly kind: "drop";
  readonly reason: "NoLocalEndpoints" | "SourceNotAllowed";
  readonly frontend: Frontend;
}

/**
 * Decides where a new flow goes: a pure function of the table, the flow, a draw in [0, 1) and what
 * the affinity memory holds. It changes nothing; whoever forwards calls `remember` afterwards.
 * The proxy, the trace and the tests all explain a flow with this one function.
 */
export function decide(
  table: ServiceTable,
  flow: Flow,
  draw: number,
  affinity: AffinityReader,
): Decision {
  const { protocol, frontend: address } = flow;
  const frontend = table.frontends.get(frontendKey(protocol, address.ip, address.port));
  if (frontend === undefined) return { kind: "reject", reason: "NoService" };
  if (frontend.kind === "LoadBalancerIP" && !allowsSource(frontend, flow.client.ip, table.node)) {
    return { kind: "drop", reason: "SourceNotAllowed", frontend };
  }
  const usable = endpointsFor(frontend, flow);
  if (usable.total === 0) return refusal(frontend);
  const retry = flow.tried !== undefined && flow.tried.size > 0;
  const remembered = retry ? undefined : recall(frontend.service, usable, flow, affinity);
  const endpoints = retry ? untried(usable, flow.tried) : usable;
  const endpoint = remembered ?? pickEndpoint(endpoints, draw);
  if (endpoint === undefined) return refusal(frontend);
  const kind = "forward";
  return { kind, frontend, endpoint, endpoints, draw, affinity: remembered !== undefined };
}

/** Whether some client could be forwarded; a frontend that forwards nobody refuses everybody. */
export function acceptsFlows({ service, policy, external }: Frontend): boolean {
  if (policy === "Local" && !external) return service.local.total > 0;
  return service.cluster.total > 0 || service.local.total > 0;
}

function endpointsFor({ service, policy, external }: Frontend, flow: Flow): EndpointSet {
  if (policy === "Cluster") return service.cluster;
  return external && flow.fromCluster === true ? service.cluster : service.local;
}

function refusal(frontend: Frontend): Decision {
  return frontend.policy === "Local" && frontend.service.anywhere
    ? { kind: "drop", reason: "NoLocalEndpoints", frontend }
    : { kind: "reject", reason: "NoEndpoints", frontend };
}

function recall(
  service: ServicePort,
  usable: EndpointSet,
  flow: Flow,
  affinity: AffinityReader,
): ServiceEndpoint | undefined {
  if (service.affinityTimeoutMs === undefined) return undefined;
  const key = affinity.recall(service, flow.client.ip);
  return key === undefined ? undefined : usable.byKey.get(key);
}

/** The endpoints not tried yet; all of them again when each was tried. */
function untried(usable: EndpointSet, tried: ReadonlySet<string> = new Set()): EndpointSet {
  const rest = buildEndpointSet(usable.endpoints.filter(({ key }) => !tried.has(key)));
  return rest.total > 0 ? rest : usable;
}

import {
  type EndpointSet,
  type Frontend,
  type FrontendKind,
  limitingRanges,
  type ServiceEndpoint,
  type ServicePort,
  type ServiceTable,
  type TrafficPolicy,
} from "@kubehop/routing";
import { familyOf, type RulesContext } from "./rules-options.ts";

/** What becomes of a flow that reaches no endpoint. */
export type Refusal = "reject" | "drop";

/** How the flows to one kind of address go on. */
export interface Route {
  readonly policy: TrafficPolicy;
  /** There are endpoints for some of the clients: the address is dispatched to a chain. */
  readonly dispatched: boolean;
  /** What becomes of clients without an endpoint; absent when there are none. */
  readonly refusal?: Refusal;
}

/** One service port in one IP family, as the rules of every mode see it. */
export interface ServiceView {
  /** Upstream's ServicePortName: `ns/name:port`, or `ns/name` for a port without a name. */
  readonly name: string;
  /** `ns/name`. */
  readonly service: string;
  readonly portName: string;
  readonly protocol: "tcp" | "udp";
  readonly clusterIps: readonly Frontend[];
  readonly externalIps: readonly Frontend[];
  readonly balancerIps: readonly Frontend[];
  /** One for each address of the node, all with the same port. */
  readonly nodePorts: readonly Frontend[];
  readonly internal: Route;
  readonly external: Route;
  /** Endpoints that flows may get by each policy; empty when no address goes by that policy. */
  readonly cluster: readonly ServiceEndpoint[];
  readonly local: readonly ServiceEndpoint[];
  /** Each of `cluster` and `local` once, ordered by key. */
  readonly endpoints: readonly ServiceEndpoint[];
  /** Client ranges that may use the balancer's addresses; empty lets everybody in. */
  readonly sourceRanges: readonly string[];
  readonly healthCheckNodePort?: number;
  readonly affinitySeconds?: number;
}

/** The service ports of a table in the context's family (and Service), ordered by name. */
export function viewServices(table: ServiceTable, context: RulesContext): ServiceView[] {
  const groups = new Map<string, Frontend[]>();
  for (const frontend of table.frontends.values()) {
    if (familyOf(frontend.ip) !== context.family) continue;
    const group = groups.get(frontend.service.key);
    if (group === undefined) groups.set(frontend.service.key, [frontend]);
    else group.push(frontend);
  }
  return [...groups.values()]
    .map((frontends) => viewOfFrontends(frontends, context))
    .filter(({ service }) => context.service === undefined || service === context.service)
    .sort((a, b) => (orderOf(a) < orderOf(b) ? -1 : 1));
}

/** By which service ports are ordered. */
export function orderOf({ name, protocol }: ServiceView): string {
  return `${name} ${protocol}`;
}

/** The service port that all the given frontends (at least one, of one family) belong to. */
export function viewOfFrontends(
  frontends: readonly Frontend[],
  context: RulesContext,
): ServiceView {
  const [first] = frontends;
  if (first === undefined) throw new Error("a group has at least one frontend");
  const port = first.service;
  const service = port.name.slice(0, port.name.indexOf(":"));
  const ofKind = (kind: FrontendKind): Frontend[] => frontends.filter((f) => f.kind === kind);
  const { cluster, local, ...routes } = routesOf(frontends, port);
  return {
    name: port.portName === "" ? service : port.name,
    service,
    portName: port.portName,
    protocol: port.protocol === "TCP" ? "tcp" : "udp",
    clusterIps: ofKind("ClusterIP"),
    externalIps: ofKind("ExternalIP"),
    balancerIps: ofKind("LoadBalancerIP"),
    nodePorts: ofKind("NodePort"),
    ...routes,
    cluster,
    local,
    endpoints: union(cluster, local),
    sourceRanges: limitingRanges(port.sourceRanges, context.family),
    ...healthCheckOf(port),
    ...affinityOf(port),
  };
}

function routesOf(
  frontends: readonly Frontend[],
  port: ServicePort,
): Pick<ServiceView, "internal" | "external" | "cluster" | "local"> {
  const inner = frontends.find(({ external }) => !external)?.policy;
  const outer = frontends.find(({ external }) => external)?.policy;
  const usesCluster = inner === "Cluster" || outer !== undefined;
  const usesLocal = inner === "Local" || outer === "Local";
  return {
    internal: internalRoute(inner ?? "Cluster", port),
    external: externalRoute(outer ?? "Cluster", port),
    cluster: usesCluster ? pickable(port.cluster) : [],
    local: usesLocal ? pickable(port.local) : [],
  };
}

function union(...lists: readonly (readonly ServiceEndpoint[])[]): ServiceEndpoint[] {
  const byKey = new Map(lists.flat().map((endpoint) => [endpoint.key, endpoint]));
  return [...byKey.values()].sort((a, b) => (a.key < b.key ? -1 : 1));
}

/** Weight 0 gets no new flow: no mode has a rule for such an endpoint. */
function pickable({ endpoints }: EndpointSet): ServiceEndpoint[] {
  return endpoints.filter(({ weight }) => weight > 0);
}

function internalRoute(policy: TrafficPolicy, { cluster, local, anywhere }: ServicePort): Route {
  const dispatched = (policy === "Local" ? local : cluster).total > 0;
  if (dispatched) return { policy, dispatched };
  return { policy, dispatched, refusal: policy === "Local" && anywhere ? "drop" : "reject" };
}

/**
 * Clients inside the cluster reach every endpoint also by the policy Local, so an address may
 * serve some clients and refuse others.
 */
function externalRoute(policy: TrafficPolicy, port: ServicePort): Route {
  if (policy === "Cluster") return internalRoute(policy, port);
  const { cluster, local, anywhere } = port;
  const dispatched = cluster.total > 0 || local.total > 0;
  if (cluster.total > 0 && local.total > 0) return { policy, dispatched };
  return { policy, dispatched, refusal: anywhere ? "drop" : "reject" };
}

function healthCheckOf({ healthCheckNodePort }: ServicePort): { healthCheckNodePort?: number } {
  return healthCheckNodePort === undefined ? {} : { healthCheckNodePort };
}

function affinityOf({ affinityTimeoutMs }: ServicePort): { affinitySeconds?: number } {
  return affinityTimeoutMs === undefined ? {} : { affinitySeconds: affinityTimeoutMs / 1_000 };
}

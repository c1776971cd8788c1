import { type Endpoint, type Node, parseQuantity, type Service, ZONE_LABEL } from "@kubehop/api";
import { findCondition } from "../../conditions.ts";
import type { PortGroup, WantedEndpoint } from "./endpoints.ts";

const MODE_ANNOTATION = "service.kubernetes.io/topology-mode";
/** A zone's endpoints may be asked for a fifth more than an even share. */
const OVERLOAD_THRESHOLD = 0.2;
const CONTROL_PLANE_LABELS = [
  "node-role.kubernetes.io/control-plane",
  "node-role.kubernetes.io/master",
];

/** Whether a Service asks for topology aware routing: it then wins over trafficDistribution. */
export function wantsTopologyHints({ metadata }: Service): boolean {
  return ["Auto", "auto"].includes(metadata.annotations?.[MODE_ANNOTATION] ?? "");
}

/** Endpoints with hints, or why they cannot have any. */
export type TopologyHints =
  | { readonly groups: ReadonlyMap<string, PortGroup> }
  | { readonly problem: string };

/**
 * Gives each ready endpoint the zone that it is to serve: its own, except that zones with more
 * endpoints than their share of the cluster's CPUs hand some on to zones with fewer (KEP-2433,
 * upstream: endpointslice/topologycache).
 */
export function topologyHints(
  groups: ReadonlyMap<string, PortGroup>,
  nodes: readonly Node[],
): TopologyHints {
  const shares = cpuShares(nodes);
  if (shares === undefined) return { problem: "not every node tells its zone and CPUs" };
  if (shares.size < 2) return { problem: "nodes are ready in one zone only" };
  const endpoints = [...groups.values()].flatMap((group) => group.endpoints);
  const allocation = allocate(endpoints, shares);
  if ("problem" in allocation) return allocation;
  return { groups: hinted(groups, (address) => allocation.zones.get(address)) };
}

/** The endpoints with the hint that `zoneOf` gives, or none. */
export function hinted(
  groups: ReadonlyMap<string, PortGroup>,
  zoneOf: (address: string) => string | undefined,
): ReadonlyMap<string, PortGroup> {
  const withHint = (one: WantedEndpoint): WantedEndpoint => {
    const { hints: _hints, ...endpoint } = one.endpoint;
    const zone = zoneOf(addressOf(endpoint));
    if (zone === undefined) return { ...one, endpoint };
    return { ...one, endpoint: { ...endpoint, hints: { forZones: [{ name: zone }] } } };
  };
  return new Map(
    [...groups].map(([key, group]) => [
      key,
      { ...group, endpoints: group.endpoints.map(withHint) },
    ]),
  );
}

/** A text that changes when what hints take from a Node does. */
export function topologyKey(node: Node | undefined): string {
  const { metadata, status } = node ?? {};
  const isReady = findCondition(status?.conditions, "Ready")?.status === "True";
  return JSON.stringify([isReady, metadata?.labels?.[ZONE_LABEL], status?.allocatable?.["cpu"]]);
}

/** Each zone's share of the CPUs of ready worker nodes; undefined when one does not tell. */
function cpuShares(nodes: readonly Node[]): Map<string, number> | undefined {
  const cpus = new Map<string, number>();
  for (const { metadata, status } of nodes.filter(isReadyWorker)) {
    const zone = metadata.labels?.[ZONE_LABEL];
    const cpu = parseQuantity(status?.allocatable?.["cpu"] ?? "") ?? 0;
    if (zone === undefined || cpu <= 0) return undefined;
    cpus.set(zone, (cpus.get(zone) ?? 0) + cpu);
  }
  const total = [...cpus.values()].reduce((sum, cpu) => sum + cpu, 0);
  return new Map([...cpus].toSorted(byName).map(([zone, cpu]) => [zone, cpu / total]));
}

function isReadyWorker({ metadata, status }: Node): boolean {
  const isControlPlane = CONTROL_PLANE_LABELS.some(
    (label) => metadata.labels?.[label] !== undefined,
  );
  return !isControlPlane && findCondition(status?.conditions, "Ready")?.status === "True";
}

type Allocation = { readonly zones: Map<string, string> } | { readonly problem: string };

/** Which zone each ready endpoint serves, by its address. */
function allocate(
  endpoints: readonly WantedEndpoint[],
  shares: ReadonlyMap<string, number>,
): Allocation {
  const ready = endpoints
    .map(({ endpoint }) => endpoint)
    .filter(({ conditions }) => conditions?.ready === true)
    .toSorted((a, b) => (addressOf(a) < addressOf(b) ? -1 : 1));
  if (ready.length < shares.size) return { problem: "there are fewer endpoints than zones" };
  const least = [...shares.values()].map((share) =>
    Math.ceil((share * ready.length) / (1 + OVERLOAD_THRESHOLD)),
  );
  if (least.reduce((sum, count) => sum + count, 0) > ready.length) {
    return { problem: "the endpoints cannot be shared without overloading those of a zone" };
  }
  const zones = new Map<string, string>();
  for (const endpoint of ready) {
    if (endpoint.zone === undefined) return { problem: "an endpoint has no zone" };
    zones.set(addressOf(endpoint), endpoint.zone);
  }
  redistribute(zones, shares);
  return { zones };
}

/** Moves endpoints, one at a time, from the zone that has most too many to that which lacks most. */
function redistribute(zones: Map<string, string>, shares: ReadonlyMap<string, number>): void {
  const surplus = new Map([...shares].map(([zone, share]) => [zone, -share * zones.size]));
  for (const zone of zones.values()) surplus.set(zone, (surplus.get(zone) ?? 0) + 1);
  for (let moves = 0; moves < zones.size; moves++) {
    const ordered = [...surplus].toSorted((a, b) => b[1] - a[1] || byName(a, b));
    const [[giver, most], [receiver, least]] = [ordered[0] ?? NONE, ordered.at(-1) ?? NONE];
    const lacking = -least;
    if (most <= 0 || lacking < 1 || most + lacking < 1) return;
    const moved = [...zones].find(([, zone]) => zone === giver);
    if (moved === undefined) return;
    zones.set(moved[0], receiver);
    surplus.set(giver, most - 1).set(receiver, least + 1);
  }
}

const NONE: readonly [string, number] = ["", 0];

function byName(a: readonly [string, unknown], b: readonly [string, unknown]): number {
  return a[0] < b[0] ? -1 : 1;
}

function addressOf({ addresses }: Endpoint): string {
  return addresses[0] ?? "";
}

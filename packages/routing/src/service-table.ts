import type { EndpointSlice, Service } from "@kubehop/api";
import { categorizeEndpoints, type NodeTopology } from "./categorize-endpoints.ts";
import { type Protocol, frontendKey } from "./flow.ts";
import { groupSlices, isProxied } from "./proxied-services.ts";
import { collectEndpoints, type IpFamily } from "./service-endpoint.ts";
import { SharedMap } from "./shared-map.ts";
import { buildEndpointSet, type EndpointSet } from "./weighted-pick.ts";

/** The node a table is built for. */
export interface ProxyNode extends NodeTopology {
  /** Addresses on which NodePorts are served. */
  readonly addresses: readonly string[];
}

/** internalTrafficPolicy or externalTrafficPolicy. */
export type TrafficPolicy = "Cluster" | "Local";

/** Which field of a Service an address comes from. */
export type FrontendKind = "ClusterIP" | "NodePort" | "ExternalIP" | "LoadBalancerIP";

/** One port of a Service in one IP family, with the endpoints this node may send its flows to. */
export interface ServicePort {
  /** Unique in a table: `TCP/IPv4/ns/name:port`. */
  readonly key: string;
  /** `ns/name:port`, the port by name or, without one, by number. */
  readonly name: string;
  /** The port's name; "" without one. */
  readonly portName: string;
  readonly protocol: Protocol;
  /** loadBalancerSourceRanges; empty lets everybody in. */
  readonly sourceRanges: readonly string[];
  /** The port of the Service's health check; absent without one. */
  readonly healthCheckNodePort?: number;
  /** Time-out of `sessionAffinity: ClientIP` in ms; absent without affinity. */
  readonly affinityTimeoutMs?: number;
  /** Endpoints of the policy Cluster. */
  readonly cluster: EndpointSet;
  /** Endpoints of the policy Local. */
  readonly local: EndpointSet;
  /** Some node has an endpoint that could be picked. */
  readonly anywhere: boolean;
  /** Keys of all endpoints that still serve: UDP flows to others are stale. */
  readonly serving: ReadonlySet<string>;
}

/** An address and port on which a service port is offered. */
export interface Frontend {
  /** `TCP/10.96.0.50:80`. */
  readonly key: string;
  readonly kind: FrontendKind;
  readonly protocol: Protocol;
  readonly ip: string;
  readonly port: number;
  readonly policy: TrafficPolicy;
  /** Meant for clients outside the cluster: every kind but ClusterIP. */
  readonly external: boolean;
  readonly service: ServicePort;
}

/** Everything a node's data plane serves, as of one revision of the registry. Never changes. */
export interface ServiceTable {
  readonly resourceVersion: string;
  readonly node: ProxyNode;
  readonly frontends: SharedMap<Frontend>;
}

/** Keeps what a node serves, Service by Service; only what is set is built again. */
export interface TableBuilder {
  /**
   * Puts a Service, with all slices that are its own, in place of what `name` (`ns/name`) stood for;
   * `undefined` takes it out.
   */
  set(name: string, service: Service | undefined, slices: readonly EndpointSlice[]): void;
  /** The table of all that is set. It shares every other frontend with the table before. */
  table(resourceVersion: string): ServiceTable;
}

/**
 * Builds the table of a node: a pure function of what the registry holds. When two Services claim
 * the same address, the first by namespace and name has it.
 */
export function buildTable(
  services: readonly Service[],
  slices: readonly EndpointSlice[],
  node: ProxyNode,
  resourceVersion: string,
): ServiceTable {
  const builder = createTableBuilder(node);
  const grouped = groupSlices(slices);
  for (const service of services) {
    const name = serviceName(service);
    builder.set(name, service, grouped.get(name) ?? []);
  }
  return builder.table(resourceVersion);
}

/** Creates a builder that has no Service yet. */
export function createTableBuilder(node: ProxyNode): TableBuilder {
  const services = new Map<string, readonly Frontend[]>();
  /** By frontend key, who wants it: mostly one. */
  const claims = new Map<string, readonly Frontend[]>();
  const touched = new Set<string>();
  let frontends = new SharedMap<Frontend>();

  function changeClaims(key: string, change: (claims: readonly Frontend[]) => Frontend[]): void {
    const changed = change(claims.get(key) ?? []);
    if (changed.length > 0) claims.set(key, changed);
    else claims.delete(key);
    touched.add(key);
  }

  return {
    set(name, service, slices) {
      const proxied = service !== undefined && isProxied(service);
      const current = proxied ? buildFrontends(service, slices, node) : [];
      for (const old of services.get(name) ?? []) {
        changeClaims(old.key, (claims) => claims.filter((claim) => claim !== old));
      }
      for (const claim of current) changeClaims(claim.key, (claims) => [...claims, claim]);
      if (current.length > 0) services.set(name, current);
      else services.delete(name);
    },
    table(resourceVersion) {
      const keys = [...touched];
      touched.clear();
      frontends = frontends.with(new Map(keys.map((key) => [key, holderOf(claims.get(key))])));
      return Object.freeze({ resourceVersion, node, frontends });
    },
  };
}

function holderOf(claims: readonly Frontend[] = []): Frontend | undefined {
  const [first, ...others] = claims;
  return others.reduce(
    (holder, claim) =>
      holder === undefined || claim.service.name < holder.service.name ? claim : holder,
    first,
  );
}

function buildFrontends(
  service: Service,
  slices: readonly EndpointSlice[],
  node: ProxyNode,
): Frontend[] {
  const clusterIps = service.spec.clusterIPs ?? [service.spec.clusterIP ?? ""];
  return (service.spec.ports ?? []).flatMap((port) => {
    const protocol = port.protocol ?? "TCP";
    if (protocol !== "TCP" && protocol !== "UDP") return [];
    return clusterIps.flatMap((clusterIp) => {
      const built = buildServicePort({ service, slices, node, port, protocol, clusterIp });
      return addressesOf(service, { port, clusterIp, node }).map((address) =>
        toFrontend(built, address, service),
      );
    });
  });
}

type Port = NonNullable<Service["spec"]["ports"]>[number];

interface PortContext {
  readonly service: Service;
  readonly slices: readonly EndpointSlice[];
  readonly node: ProxyNode;
  readonly port: Port;
  readonly protocol: Protocol;
  readonly clusterIp: string;
}

function buildServicePort(context: PortContext): ServicePort {
  const { service, slices, node, port, protocol, clusterIp } = context;
  const portName = port.name ?? "";
  const family = familyOf(clusterIp);
  const endpoints = collectEndpoints(slices, { portName, protocol, family, nodeName: node.name });
  const { cluster, local, anywhere } = categorizeEndpoints(endpoints, node);
  const name = `${serviceName(service)}:${portName === "" ? port.port : portName}`;
  return Object.freeze({
    key: `${protocol}/${family}/${name}`,
    name,
    portName,
    protocol,
    sourceRanges: (service.spec.loadBalancerSourceRanges ?? []).map((range) => range.trim()),
    ...healthCheckOf(service),
    ...affinityOf(service),
    cluster: buildEndpointSet(cluster),
    local: buildEndpointSet(local),
    anywhere,
    serving: new Set(endpoints.filter(({ serving }) => serving).map(({ key }) => key)),
  });
}

interface FrontendAddress {
  readonly kind: FrontendKind;
  readonly ip: string;
  readonly port: number;
}

function addressesOf(
  service: Service,
  { port, clusterIp, node }: Pick<PortContext, "port" | "clusterIp" | "node">,
): FrontendAddress[] {
  const family = familyOf(clusterIp);
  const sameFamily = (ip: string) => familyOf(ip) === family;
  const at = (kind: FrontendKind, number: number) => (ip: string) => ({ kind, ip, port: number });
  const nodeIps = (port.nodePort ?? 0) > 0 ? node.addresses : [];
  const balancerIps = (service.status?.loadBalancer?.ingress ?? [])
    .filter(({ ipMode }) => ipMode !== "Proxy")
    .flatMap(({ ip }) => ip ?? []);
  return [
    at("ClusterIP", port.port)(clusterIp),
    ...nodeIps.filter(sameFamily).map(at("NodePort", port.nodePort ?? 0)),
    ...(service.spec.externalIPs ?? []).filter(sameFamily).map(at("ExternalIP", port.port)),
    ...balancerIps.filter(sameFamily).map(at("LoadBalancerIP", port.port)),
  ];
}

function toFrontend(built: ServicePort, address: FrontendAddress, service: Service): Frontend {
  const { spec } = service;
  const external = address.kind !== "ClusterIP";
  const policy = external ? spec.externalTrafficPolicy : spec.internalTrafficPolicy;
  return Object.freeze({
    key: frontendKey(built.protocol, address.ip, address.port),
    ...address,
    protocol: built.protocol,
    policy: policy === "Local" ? "Local" : "Cluster",
    external,
    service: built,
  });
}

function healthCheckOf({ spec }: Service): { healthCheckNodePort?: number } {
  const { healthCheckNodePort = 0 } = spec;
  return healthCheckNodePort > 0 ? { healthCheckNodePort } : {};
}

/** Ten thousand eight hundred seconds is upstream's default for ClientIP. */
function affinityOf({ spec }: Service): { affinityTimeoutMs?: number } {
  if (spec.sessionAffinity !== "ClientIP") return {};
  return {
    affinityTimeoutMs: (spec.sessionAffinityConfig?.clientIP?.timeoutSeconds ?? 10_800) * 1_000,
  };
}

function familyOf(ip: string): IpFamily {
  return ip.includes(":") ? "IPv6" : "IPv4";
}

function serviceName({ metadata }: Service): string {
  return `${metadata.namespace}/${metadata.name}`;
}

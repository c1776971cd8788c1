import { isIP } from "node:net";
import type { ClusterView } from "../../cluster/cluster-view.ts";
import {
  addressesOf,
  type EndpointAddress,
  type ServiceEntry,
} from "../../cluster/service-entry.ts";
import type { EndpointOfService } from "../../cluster/service-index.ts";
import type { NamedPort } from "../../cluster/trim.ts";
import type { KubernetesOptions, PodMode } from "./options.ts";
import { type ClusterName, parseClusterName } from "./parse-name.ts";

/** An address behind a name. */
export interface Host {
  readonly ip: string;
  /** -1 when no port is declared. */
  readonly port: number;
  /** The name SRV points to, without the zone: `my-api.default.svc`. */
  readonly target: string;
}

/** What a name stands for. */
export type Found =
  | { readonly kind: "missing" }
  /** A name between others, like `svc.cluster.local.`. */
  | { readonly kind: "empty" }
  | { readonly kind: "hosts"; readonly hosts: readonly Host[] }
  | { readonly kind: "external"; readonly target: string };

/** Look-ups in a cluster with a directive's options applied. */
export interface ClusterLookup {
  /** A name (lower case) in one of the plugin's zones. */
  find(name: string, zone: string): Found;
  /** The names of an address, without their zone. */
  reverse(ip: string): readonly string[];
  /** Services, or their endpoints, that these addresses serve: the DNS Service itself. */
  namesOf(ips: readonly string[]): readonly Host[];
}

/** What is asked for, and how endpoints are called. */
interface Naming {
  readonly name: ClusterName;
  readonly hostname: (address: EndpointAddress) => string;
}

const MISSING: Found = { kind: "missing" };
const EMPTY: Found = { kind: "empty" };
/** A pod's name that is longer cannot be a label (RFC 1035 §2.3.4). */
const MAX_POD_NAME = 63;

/** Creates look-ups over a view. */
export function createClusterLookup(view: ClusterView, options: KubernetesOptions): ClusterLookup {
  const wanted = options.labels ?? (() => true);
  const exposed = (namespace: string): boolean => {
    if (options.namespaces.size > 0 && !options.namespaces.has(namespace)) return false;
    const object = view.namespace(namespace);
    return object !== undefined && (options.namespaceLabels?.(object.metadata.labels) ?? true);
  };
  const allowed = (namespace: string): boolean =>
    (options.namespaces.size === 0 && options.namespaceLabels === undefined) || exposed(namespace);
  const endpointsOf = (entry: ServiceEntry): readonly EndpointAddress[] =>
    options.labels === undefined
      ? addressesOf(entry)
      : addressesOf(entry).filter(({ labels }) => wanted(labels));
  const hostname = hostnameOf(options);

  const findService = (name: ClusterName, namespace: string, service: string): Found => {
    const entry = view.service(namespace, service);
    if (entry?.service === undefined || !wanted(entry.service.metadata.labels)) return MISSING;
    if (name.zonal !== undefined) {
      if (!options.zonal) return MISSING;
      return zonalHosts(entry, endpointsOf(entry), { name, hostname });
    }
    if (entry.service.spec.type === "ExternalName") return findExternal(entry, name);
    if (entry.headless || name.endpoint !== undefined) {
      if (options.noEndpoints) return MISSING;
      return toFound(endpointHosts(entry, endpointsOf(entry), { name, hostname }));
    }
    if (options.ignoreEmptyService && endpointsOf(entry).length === 0) return MISSING;
    return toFound(serviceHosts(entry, name));
  };

  return {
    find(text, zone) {
      const name = parseClusterName(text, zone);
      if (name === undefined) return MISSING;
      const { root, namespace, service } = name;
      if (root === undefined || namespace === undefined) return EMPTY;
      if (root === "pod" && options.pods === "disabled") return MISSING;
      if (!exposed(namespace)) return MISSING;
      if (service === undefined) return EMPTY;
      if (root === "pod") return findPod(view, options.pods, { namespace, dashed: service });
      return findService(name, namespace, service);
    },
    reverse(ip) {
      const [service] = view
        .servicesOf(ip)
        .filter((entry) => allowed(entry.namespace) && wanted(entry.service?.metadata.labels));
      if (service !== undefined) return [serviceName(service)];
      if (options.noEndpoints) return [];
      const names = view
        .endpointsOf(ip)
        .filter(({ namespace, address }) => allowed(namespace) && wanted(address.labels))
        .map(
          ({ address, ...owner }) => `${hostname(address)}.${owner.service}.${owner.namespace}.svc`,
        );
      return [...new Set(names)];
    },
    namesOf: (ips) =>
      ips.flatMap((ip) => view.endpointsOf(ip)).flatMap(servingHosts(view, hostname)),
  };
}

function findPod(
  view: ClusterView,
  mode: PodMode,
  { namespace, dashed }: { namespace: string; dashed: string },
): Found {
  const ip = dashedIp(dashed);
  if (ip === undefined || (mode === "verified" && !view.hasPod(namespace, ip))) return MISSING;
  // Port 0, not "no port": CoreDNS gives pods an SRV record.
  return { kind: "hosts", hosts: [{ ip, port: 0, target: `${dashed}.${namespace}.pod` }] };
}

function findExternal(entry: ServiceEntry, name: ClusterName): Found {
  const target = entry.service?.spec.externalName ?? "";
  const below = name.endpoint !== undefined || name.port !== undefined;
  // An IP address is no name for a CNAME; CoreDNS leaves such a Service out.
  if (below || target === "" || isIP(target) !== 0) return MISSING;
  return { kind: "external", target: target.endsWith(".") ? target : `${target}.` };
}

/** A zone without endpoints, or one that there is not, has a name all the same (CoreDNS). */
function zonalHosts(
  entry: ServiceEntry,
  addresses: readonly EndpointAddress[],
  how: Naming,
): Found {
  if (!entry.headless) return MISSING;
  const hosts = endpointHosts(entry, inZone(addresses, how.name.zonal), how);
  return { kind: "hosts", hosts };
}

/** With `prefer` all endpoints stand in for a zone that has none. */
function inZone(
  addresses: readonly EndpointAddress[],
  zonal: ClusterName["zonal"],
): readonly EndpointAddress[] {
  const { zone, mode } = zonal ?? { zone: "", mode: "prefer" };
  const own = addresses.filter((address) => address.zone.toLowerCase() === zone);
  return own.length > 0 || mode === "pin" ? own : addresses;
}

/** A name without any matching port or endpoint does not exist. */
function toFound(hosts: readonly Host[]): Found {
  return hosts.length === 0 ? MISSING : { kind: "hosts", hosts };
}

function serviceHosts(entry: ServiceEntry, name: ClusterName): Host[] {
  const target = serviceName(entry);
  return entry.ports
    .filter((port) => portMatches(port, name))
    .flatMap(({ port }) => entry.clusterIPs.map((ip) => ({ ip, port, target })));
}

function endpointHosts(
  entry: ServiceEntry,
  addresses: readonly EndpointAddress[],
  how: Naming,
): Host[] {
  const { name } = how;
  const hosts: Host[] = [];
  for (const address of addresses) {
    const hostname = how.hostname(address).toLowerCase();
    if (name.endpoint !== undefined && name.endpoint !== hostname) continue;
    const target = `${hostname}.${serviceName(entry)}`;
    for (const port of address.ports) {
      if (portMatches(port, name)) hosts.push({ ip: address.ip, port: port.port, target });
    }
  }
  return hosts;
}

/** A part that is absent, or only an underscore, matches every port (CoreDNS). */
function portMatches(port: NamedPort, { port: name = "", protocol = "" }: ClusterName): boolean {
  if (name !== "" && name !== port.name.toLowerCase()) return false;
  return protocol === "" || protocol === port.protocol.toLowerCase();
}

function serviceName({ namespace, name }: { namespace: string; name: string }): string {
  return `${name}.${namespace}.svc`;
}

function hostnameOf({ endpointPodNames }: KubernetesOptions): (address: EndpointAddress) => string {
  return (address) => endpointHostname(address, endpointPodNames);
}

/** An endpoint's label: its hostname, with `endpoint_pod_names` its pod's name, else its address. */
function endpointHostname(address: EndpointAddress, podNames: boolean): string {
  const { ip, hostname, podName } = address;
  if (hostname !== "") return hostname;
  if (podNames && podName !== "" && podName.length <= MAX_POD_NAME) return podName;
  const dashed = ip.replaceAll(/[.:]/g, "-");
  return ip.includes(":") && dashed.endsWith("-") ? `${dashed}0` : dashed;
}

/** `1-2-3-4` or `fd00--5` as an address; undefined when it is none. */
function dashedIp(dashed: string): string | undefined {
  const ipv4 = /^[^-]+(-[^-]+){3}$/.test(dashed);
  const ip = dashed.replaceAll("-", ipv4 ? "." : ":");
  return isIP(ip) === 0 ? undefined : ip;
}

/** The names under which the Services of an endpoint can be reached (CoreDNS' nsAddrs). */
function servingHosts(
  view: ClusterView,
  hostname: (address: EndpointAddress) => string,
): (endpoint: EndpointOfService) => readonly Host[] {
  return ({ namespace, service }) => {
    const entry = view.service(namespace, service);
    if (entry?.service === undefined) return [];
    const target = serviceName(entry);
    if (!entry.headless) return entry.clusterIPs.map((ip) => ({ ip, port: -1, target }));
    return addressesOf(entry).map((address) => ({
      ip: address.ip,
      port: -1,
      target: `${hostname(address)}.${target}`,
    }));
  };
}

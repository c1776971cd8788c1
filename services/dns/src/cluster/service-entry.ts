import type { Endpoint, EndpointPort, EndpointSlice, Service } from "@kubehop/api";
import ipaddr from "ipaddr.js";

/** A port of an endpoint or a Service as DNS sees it; -1 stands for "no port declared". */
export interface NamedPort {
  readonly name: string;
  readonly protocol: string;
  readonly port: number;
}

/** A ready address of a slice. */
export interface EndpointAddress {
  /** As the slice writes it. */
  readonly ip: string;
  readonly hostname: string;
  /** The zone it runs in; empty when the slice does not say. */
  readonly zone: string;
  /** The pod's name when the endpoint is a pod. */
  readonly podName: string;
  readonly ports: readonly NamedPort[];
  /** The labels of its slice. */
  readonly labels: Readonly<Record<string, string>>;
}

/** A Service with its ready endpoints; either may be known before the other. */
export interface ServiceEntry {
  readonly namespace: string;
  readonly name: string;
  readonly service: Service | undefined;
  readonly clusterIPs: readonly string[];
  readonly ports: readonly NamedPort[];
  readonly headless: boolean;
  /** Made from the slices each time: kept for every endpoint they would double the memory. */
  readonly addresses: readonly EndpointAddress[];
}

/** A slice without ports serves all of them; DNS cannot name one (CoreDNS uses -1 too). */
const ANY_PORT: readonly NamedPort[] = [{ name: "", protocol: "", port: -1 }];

/** What DNS needs of a Service and its slices. */
export function createServiceEntry(
  key: { namespace: string; name: string },
  service: Service | undefined,
  slices: readonly EndpointSlice[],
): ServiceEntry {
  return {
    ...key,
    service,
    get addresses() {
      return slices.flatMap(readyAddresses);
    },
    clusterIPs: clusterIPs(service),
    headless: service?.spec.clusterIP === "None",
    ports: (service?.spec.ports ?? []).map(({ name = "", protocol = "TCP", port }) => ({
      name,
      protocol,
      port,
    })),
  };
}

/** The cluster IPs of a Service; none for a headless one or an ExternalName. */
export function clusterIPs(service: Service | undefined): readonly string[] {
  if (service === undefined || service.spec.type === "ExternalName") return [];
  const { clusterIP, clusterIPs: all } = service.spec;
  const addresses = all !== undefined && all.length > 0 ? all : [clusterIP ?? ""];
  return addresses.filter((address) => address !== "" && address !== "None");
}

/**
 * The ready addresses of a slice. Ready is `conditions.ready` true or absent; serving and
 * terminating are not looked at, as in CoreDNS.
 */
export function readyAddresses(slice: EndpointSlice): readonly EndpointAddress[] {
  if (slice.addressType === "FQDN") return [];
  const ports = toPorts(slice.ports);
  const labels = slice.metadata.labels ?? {};
  return slice.endpoints
    .filter(({ conditions }) => conditions?.ready !== false)
    .flatMap((endpoint) => endpoint.addresses.map((ip) => toAddress(endpoint, ip)))
    .map((address) => ({ ...address, ports, labels }));
}

function toAddress(endpoint: Endpoint, ip: string): Omit<EndpointAddress, "ports" | "labels"> {
  const podName = endpoint.targetRef?.kind === "Pod" ? (endpoint.targetRef.name ?? "") : "";
  return { ip, hostname: endpoint.hostname ?? "", zone: endpoint.zone ?? "", podName };
}

function toPorts(ports: readonly EndpointPort[] | undefined): readonly NamedPort[] {
  if (ports === undefined || ports.length === 0) return ANY_PORT;
  return ports.map(({ name = "", protocol = "TCP", port = -1 }) => ({ name, protocol, port }));
}

/** One text for each IP address, so that addresses can be compared. */
export function canonicalIp(ip: string): string {
  return ip.includes(":") && ipaddr.isValid(ip) ? ipaddr.parse(ip).toString() : ip;
}

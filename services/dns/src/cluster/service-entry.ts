import type { Service } from "@kubehop/api";
import ipaddr from "ipaddr.js";
import type { NamedPort, ReadyAddress, ReadySlice } from "./trim.ts";

/** A ready address with what its slice says of all of its own. */
export interface EndpointAddress extends ReadyAddress {
  readonly ports: readonly NamedPort[];
  /** The labels of its slice. */
  readonly labels: Readonly<Record<string, string>>;
}

/** A Service with its slices; either may be known before the other. */
export interface ServiceEntry {
  readonly namespace: string;
  readonly name: string;
  readonly service: Service | undefined;
  readonly slices: readonly ReadySlice[];
  readonly clusterIPs: readonly string[];
  readonly ports: readonly NamedPort[];
  readonly headless: boolean;
}

/** What DNS needs of a Service and its slices. */
export function createServiceEntry(
  { namespace, name }: { namespace: string; name: string },
  service: Service | undefined,
  slices: readonly ReadySlice[],
): ServiceEntry {
  return {
    namespace,
    name,
    service,
    slices,
    clusterIPs: clusterIPs(service),
    headless: service?.spec.clusterIP === "None",
    ports: (service?.spec.ports ?? []).map(({ name: portName = "", protocol = "TCP", port }) => ({
      name: portName,
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

/** The endpoints of a Service; made each time: kept for all of them they would double the memory. */
export function addressesOf({ slices }: Pick<ServiceEntry, "slices">): readonly EndpointAddress[] {
  return slices.flatMap(({ metadata, ports, addresses }) => {
    const { labels = {} } = metadata;
    return addresses.map((address) => ({ ...address, ports, labels }));
  });
}

/** One text for each IP address, so that addresses can be compared. */
export function canonicalIp(ip: string): string {
  return ip.includes(":") && ipaddr.isValid(ip) ? ipaddr.parse(ip).toString() : ip;
}

import type { EndpointAddress, EndpointSubset, EndpointsPort, Pod, Service } from "@kubehop/api";
import { isDeleting } from "../../owners.ts";
import { isReady, isTerminal } from "../../pods.ts";
import { canonicalJson } from "../../template-hash.ts";
import { addressOf, addressTypes, resolvePorts } from "../endpoint-slice/endpoints.ts";

/** The subsets of an Endpoints object, and whether addresses had to be left out. */
export interface Subsets {
  readonly subsets: EndpointSubset[];
  readonly truncated: boolean;
}

interface Entry {
  readonly port: EndpointsPort | undefined;
  readonly address: EndpointAddress;
  readonly ready: boolean;
}

/**
 * Subsets of a Service's pods, of its first IP family: addresses that share the same ports share a
 * subset; ready ones in `addresses`, others in `notReadyAddresses`. Terminating pods are left out
 * unless the Service publishes addresses that are not ready. At most `max` addresses, ready ones
 * first, each subset losing its share (upstream's truncateEndpoints).
 */
export function planSubsets(service: Service, pods: readonly Pod[], max: number): Subsets {
  const publishAll = service.spec.publishNotReadyAddresses === true;
  const shown = pods.filter((pod) => !isTerminal(pod) && (publishAll || !isDeleting(pod)));
  const entries = shown.flatMap((pod) => entriesOf(service, pod, publishAll));
  const subsets = repack(entries);
  return truncate(subsets, max);
}

function entriesOf(service: Service, pod: Pod, publishAll: boolean): Entry[] {
  const [family = "IPv4"] = addressTypes(service);
  const ip = addressOf(pod, family);
  if (ip === undefined) return [];
  const { hostname, subdomain, nodeName } = pod.spec;
  const { namespace = "", name, uid } = pod.metadata;
  const hasOwnName = hostname && subdomain === service.metadata.name;
  const address: EndpointAddress = {
    ip,
    ...(hasOwnName && { hostname }),
    ...(nodeName && { nodeName }),
    targetRef: { kind: "Pod", namespace, name, ...(uid !== undefined && { uid }) },
  };
  const ready = publishAll || isReady(pod);
  const ports = resolvePorts(service, pod) as EndpointsPort[];
  // A headless Service may have no ports at all; its addresses still count (DNS).
  if ((service.spec.ports ?? []).length === 0) return [{ port: undefined, address, ready }];
  return ports.map((port) => ({ port, address, ready }));
}

interface PortsOfAddress {
  readonly address: EndpointAddress;
  readonly ready: boolean;
  readonly ports: EndpointsPort[];
}

/** Turns (port, address) pairs into the fewest subsets, in an order that is always the same. */
function repack(entries: readonly Entry[]): EndpointSubset[] {
  const byAddress = new Map<string, PortsOfAddress>();
  for (const { port, address, ready } of entries) {
    const key = `${ready} ${canonicalJson(address)}`;
    const known = byAddress.get(key) ?? { address, ready, ports: [] };
    byAddress.set(key, known);
    if (port !== undefined) known.ports.push(port);
  }
  const groups = Map.groupBy(byAddress.values(), ({ ports }) =>
    ports
      .map((port) => canonicalJson(port))
      .toSorted()
      .join(","),
  );
  return [...groups].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, group]) => subsetOf(group));
}

function subsetOf(group: readonly PortsOfAddress[]): EndpointSubset {
  const addressesOf = (ready: boolean): EndpointAddress[] =>
    group
      .filter((one) => one.ready === ready)
      .map(({ address }) => address)
      .toSorted((a, b) => (a.ip < b.ip ? -1 : 1));
  const addresses = addressesOf(true);
  const notReadyAddresses = addressesOf(false);
  const ports = group[0]?.ports ?? [];
  return {
    ...(addresses.length > 0 && { addresses }),
    ...(notReadyAddresses.length > 0 && { notReadyAddresses }),
    ...(ports.length > 0 && { ports }),
  };
}

function truncate(subsets: EndpointSubset[], max: number): Subsets {
  const count = (list: "addresses" | "notReadyAddresses"): number =>
    subsets.reduce((total, subset) => total + (subset[list]?.length ?? 0), 0);
  const [ready, notReady] = [count("addresses"), count("notReadyAddresses")];
  if (ready + notReady <= max) return { subsets, truncated: false };
  const [readyMax, notReadyMax] = [Math.min(ready, max), Math.max(0, max - ready)];
  const cut = subsets.map((subset) => {
    const addresses = share(subset.addresses, readyMax / ready);
    const notReadyAddresses = share(subset.notReadyAddresses, notReadyMax / notReady);
    return {
      ...(addresses.length > 0 && { addresses }),
      ...(notReadyAddresses.length > 0 && { notReadyAddresses }),
      ...(subset.ports && { ports: subset.ports }),
    };
  });
  const filled = cut.filter((subset) => subset.addresses ?? subset.notReadyAddresses);
  return { subsets: filled, truncated: true };
}

function share(addresses: readonly EndpointAddress[] = [], part: number): EndpointAddress[] {
  return addresses.slice(0, Math.floor(addresses.length * part));
}

import { namespacedName, type IPAddress, type ParentReference, type Service } from "@kubehop/api";
import { isExternalName } from "../registry/service-traits.ts";
import { formatAddress, parseAddress, type Cidr } from "@kubehop/kit/addresses";
import { isSameParent } from "./allocation-store.ts";
import { parentOf } from "./ledger.ts";

/** What is to be done, or told, about one address or port. */
export type RepairAction =
  /** Allocate what a Service uses without having it; tell with an Event on the Service. */
  | { type: "allocate"; name: string; parent: ParentReference; event: RepairEvent }
  /** Give back what no Service uses. */
  | { type: "release"; name: string; event: RepairEvent }
  /** Nothing can be done here: a person must recreate the Service. */
  | { type: "report"; event: RepairEvent };

/** An Event of type Warning; `about` is the object it is about. */
export interface RepairEvent {
  readonly about: ParentReference;
  readonly reason: string;
  readonly message: string;
}

/** What the repair of addresses looks at. */
export interface AddressState {
  readonly services: readonly Service[];
  readonly addresses: readonly IPAddress[];
  /** Ranges of all ready ServiceCIDRs. */
  readonly ranges: readonly Cidr[];
  /** Unix time in milliseconds. */
  readonly now: number;
}

/** An address is taken before its Service is stored: a young one may still be waiting for it. */
const GRACE_MS = 60_000;

/**
 * Compares what Services use with what is allocated, and says what to do (upstream's
 * ipallocator/controller/repairip.go): a Service's address that nobody has is allocated to it, an
 * address that no Service uses is released, everything else is reported.
 */
export function planAddressRepair(state: AddressState): RepairAction[] {
  const allocated = new Map(state.addresses.map((one) => [one.metadata.name, one]));
  const actions: RepairAction[] = [];
  const used = new Map<string, ParentReference>();
  for (const service of state.services) {
    const parent = parentOf(service.metadata);
    for (const ip of clusterIPsOf(service)) {
      actions.push(...serviceActions(ip, parent, { state, allocated, used }));
    }
  }
  for (const address of state.addresses) actions.push(...leakActions(address, used, state.now));
  return actions;
}

interface Comparison {
  readonly state: AddressState;
  readonly allocated: ReadonlyMap<string, IPAddress>;
  /** Addresses of the Services seen so far. */
  readonly used: Map<string, ParentReference>;
}

function serviceActions(
  text: string,
  parent: ParentReference,
  { state, allocated, used }: Comparison,
): RepairAction[] {
  const address = parseAddress(text);
  if (address === undefined) {
    const message = `Cluster IP ${text} is not a valid IP; please recreate service`;
    return [report(parent, "ClusterIPNotValid", message)];
  }
  const ip = formatAddress(address);
  const label = `Cluster IP [${address.family}]:${ip}`;
  const rival = used.get(ip);
  if (rival !== undefined) {
    const message = `${label} was assigned to multiple services; please recreate service`;
    return [report(parent, "ClusterIPAlreadyAllocated", message)];
  }
  used.set(ip, parent);
  if (!state.ranges.some((range) => range.contains(ip))) {
    const message = `${label} is not within any configured Service CIDR; please recreate service`;
    return [report(parent, "ClusterIPOutOfRange", message)];
  }
  const owner = allocated.get(ip)?.spec.parentRef;
  if (isSameParent(owner, parent)) return [];
  const message = `${label} is not allocated; repairing`;
  const event = { about: parent, reason: "ClusterIPNotAllocated", message };
  const allocate: RepairAction = { type: "allocate", name: ip, parent, event };
  if (!allocated.has(ip)) return [allocate];
  return [wrongReference(ip, parent), allocate];
}

/** The allocation names somebody who does not use the address: it goes before it is made anew. */
function wrongReference(ip: string, parent: ParentReference): RepairAction {
  const owner = namespacedName({ metadata: refOf(parent) });
  const message = `IPAddress: ${ip} for Service ${owner} has a wrong reference; cleaning up`;
  const event = { about: addressReference(ip), reason: "IPAddressWrongReference", message };
  return { type: "release", name: ip, event };
}

function leakActions(
  { metadata, spec }: IPAddress,
  used: ReadonlyMap<string, ParentReference>,
  now: number,
): RepairAction[] {
  const { name, creationTimestamp = "" } = metadata;
  const forServices = spec.parentRef?.resource === "services";
  const young = now - Date.parse(creationTimestamp) < GRACE_MS;
  if (used.has(name) || !forServices || young) return [];
  const owner = namespacedName({ metadata: refOf(spec.parentRef ?? {}) });
  const message = `IPAddress: ${name} for Service ${owner} appears to have leaked; cleaning up`;
  const event = { about: addressReference(name), reason: "IPAddressNotAllocated", message };
  return [{ type: "release", name, event }];
}

function clusterIPsOf(service: Service): readonly string[] {
  if (isExternalName(service)) return [];
  return (service.spec.clusterIPs ?? []).filter((ip) => ip !== "" && ip !== "None");
}

function report(about: ParentReference, reason: string, message: string): RepairAction {
  return { type: "report", event: { about, reason, message } };
}

function addressReference(name: string): ParentReference {
  return { group: "networking.k8s.io", resource: "ipaddresses", name };
}

function refOf({ namespace = "", name = "" }: ParentReference): {
  namespace: string;
  name: string;
} {
  return { namespace, name };
}

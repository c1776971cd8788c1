import {
  type EndpointSlice,
  LAST_CHANGE_TRIGGER_TIME_ANNOTATION as TRIGGER_TIME,
  type Service,
  SERVICE_NAME_LABEL,
} from "@kubehop/api";
import type { Change } from "@kubehop/client";
import type { ClusterSource } from "./cluster-source.ts";
import { followSource } from "./follow-source.ts";
import { createIpIndex } from "./ip-index.ts";
import {
  canonicalIp,
  clusterIPs,
  createServiceEntry,
  type EndpointAddress,
  readyAddresses,
  type ServiceEntry,
} from "./service-entry.ts";

/** An endpoint address and the Service it belongs to. */
export interface EndpointOfService {
  readonly namespace: string;
  readonly service: string;
  readonly address: EndpointAddress;
}

/** Services with their ready endpoints, by name and by address. */
export interface ServiceIndex {
  /** Every Service, and what only has slices. */
  entries(): Iterable<ServiceEntry>;
  service(namespace: string, name: string): ServiceEntry | undefined;
  /** Services with this cluster IP. */
  servicesOf(ip: string): readonly ServiceEntry[];
  /** Ready endpoints with this IP. */
  endpointsOf(ip: string): readonly EndpointOfService[];
}

/** Who is told of changes. */
export interface ServiceIndexEvents {
  onChange(): void;
  /** A slice of a headless Service with a selector changed because of something at `since`. */
  onProgrammed(since: number): void;
}

const NO_SLICES: readonly EndpointSlice[] = [];

/** Creates the index and follows Services and slices; a change rebuilds one Service's entry. */
export function createServiceIndex(
  source: Pick<ClusterSource, "services" | "slices">,
  events: ServiceIndexEvents,
): ServiceIndex {
  const entries = new Map<string, ServiceEntry>();
  const slices = new Map<string, readonly EndpointSlice[]>();
  const services = createIpIndex<string>();
  const endpoints = createIpIndex<EndpointSlice>();

  const rebuild = (namespace: string, name: string): void => {
    const key = `${namespace}/${name}`;
    const service = source.services.store.get(key);
    const own = slices.get(key) ?? NO_SLICES;
    if (service === undefined && own.length === 0) entries.delete(key);
    else entries.set(key, createServiceEntry({ namespace, name }, service, own));
    events.onChange();
  };
  const onService = ({ key, current }: Change<Service>): void => {
    services.set(
      key,
      clusterIPs(current).map((ip) => [ip, key] as const),
    );
    const [namespace = "", name = ""] = key.split("/");
    rebuild(namespace, name);
  };
  const setSlice = (key: string, slice: EndpointSlice, present: boolean): void => {
    const owner = ownerOf(slice);
    if (owner === undefined) return;
    const addresses = present ? readyAddresses(slice) : [];
    endpoints.set(
      key,
      addresses.map(({ ip }) => [ip, slice] as const),
    );
    replaceSlice(slices, `${owner.namespace}/${owner.service}`, { slice, present });
    rebuild(owner.namespace, owner.service);
  };
  const onSlice = (change: Change<EndpointSlice>): void => {
    const { key, previous, current } = change;
    const moved = previous !== undefined && serviceOf(previous) !== serviceOf(current);
    if (moved) setSlice(key, previous, false);
    if (current === undefined) return;
    setSlice(key, current, true);
    const entry = entries.get(`${current.metadata.namespace}/${serviceOf(current)}`);
    const since = source.slices.hasSynced() ? triggerTime(change) : undefined;
    if (since !== undefined && isHeadlessWithSelector(entry)) events.onProgrammed(since);
  };

  followSource(source.services, onService);
  followSource(source.slices, onSlice);
  return {
    entries: () => entries.values(),
    service: (namespace, name) => entries.get(`${namespace}/${name}`),
    servicesOf(ip) {
      const found = services.get(ip).map((key) => entries.get(key));
      return found.filter((entry) => entry !== undefined);
    },
    endpointsOf: (ip) => [...new Set(endpoints.get(ip))].flatMap((slice) => endpointsAt(slice, ip)),
  };
}

/** Puts a slice in the place of its earlier version, or takes it out. */
function replaceSlice(
  slices: Map<string, readonly EndpointSlice[]>,
  owner: string,
  { slice, present }: { slice: EndpointSlice; present: boolean },
): void {
  const own = slices.get(owner) ?? NO_SLICES;
  const isSame = ({ metadata }: EndpointSlice): boolean => metadata.name === slice.metadata.name;
  const at = own.findIndex(isSame);
  const others = own.filter((each) => !isSame(each));
  if (present) slices.set(owner, at < 0 ? [...own, slice] : own.with(at, slice));
  else if (others.length > 0) slices.set(owner, others);
  else slices.delete(owner);
}

/** The ready endpoints of a slice with this address. */
function endpointsAt(slice: EndpointSlice, ip: string): readonly EndpointOfService[] {
  const owner = ownerOf(slice);
  if (owner === undefined) return [];
  const wanted = canonicalIp(ip);
  return readyAddresses(slice)
    .filter((address) => canonicalIp(address.ip) === wanted)
    .map((address) => ({ ...owner, address }));
}

/** The only Services whose programming time CoreDNS measures. */
function isHeadlessWithSelector(entry: ServiceEntry | undefined): boolean {
  return entry?.headless === true && entry.service?.spec.selector !== undefined;
}

function ownerOf(slice: EndpointSlice): { namespace: string; service: string } | undefined {
  const service = serviceOf(slice);
  const { namespace } = slice.metadata;
  return service === undefined || namespace === undefined ? undefined : { namespace, service };
}

function serviceOf(slice: EndpointSlice | undefined): string | undefined {
  return slice?.metadata.labels?.[SERVICE_NAME_LABEL];
}

/** When the cause of this change happened (unix ms), if the change says so. */
function triggerTime({ previous, current }: Change<EndpointSlice>): number | undefined {
  const text = current?.metadata.annotations?.[TRIGGER_TIME];
  if (text === undefined || text === previous?.metadata.annotations?.[TRIGGER_TIME]) {
    return undefined;
  }
  const time = Date.parse(text);
  return Number.isNaN(time) ? undefined : time;
}

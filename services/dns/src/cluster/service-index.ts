import {
  LAST_CHANGE_TRIGGER_TIME_ANNOTATION as TRIGGER_TIME,
  type Service,
  SERVICE_NAME_LABEL,
} from "@kubehop/api";
import type { Change } from "@kubehop/client";
import type { ClusterSource } from "./cluster-source.ts";
import { followSource } from "./follow-source.ts";
import { createIpIndex } from "./ip-index.ts";
import {
  addressesOf,
  canonicalIp,
  clusterIPs,
  createServiceEntry,
  type EndpointAddress,
  type ServiceEntry,
} from "./service-entry.ts";
import type { ReadySlice } from "./trim.ts";

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

const NO_SLICES: readonly ReadySlice[] = [];

/** Creates the index and follows Services and slices; a change rebuilds one Service's entry. */
export function createServiceIndex(
  source: Pick<ClusterSource, "services" | "slices">,
  events: ServiceIndexEvents,
): ServiceIndex {
  const entries = new Map<string, ServiceEntry>();
  const services = createIpIndex<string>();
  const endpoints = createIpIndex<ReadySlice>();

  const rebuild = (
    key: string,
    change: (slices: readonly ReadySlice[]) => readonly ReadySlice[],
  ): void => {
    const [namespace = "", name = ""] = key.split("/");
    const service = source.services.store.get(key);
    const slices = change(entries.get(key)?.slices ?? NO_SLICES);
    if (service === undefined && slices.length === 0) entries.delete(key);
    else entries.set(key, createServiceEntry({ namespace, name }, service, slices));
    events.onChange();
  };
  const onService = ({ key, previous, current }: Change<Service>): void => {
    services.remove(clusterIPs(previous), key);
    services.add(clusterIPs(current), key);
    rebuild(key, (slices) => slices);
  };
  const onSlice = (change: Change<ReadySlice>): void => {
    const { previous, current } = change;
    const [from, to] = [ownerOf(previous), ownerOf(current)];
    if (previous !== undefined && from !== undefined) {
      endpoints.remove(ipsOf(previous), previous);
      if (to !== from) rebuild(from, (slices) => replaced(slices, previous, undefined));
    }
    if (current === undefined || to === undefined) return;
    endpoints.add(ipsOf(current), current);
    rebuild(to, (slices) => replaced(slices, previous, current));
    const since = source.slices.hasSynced() ? triggerTime(change) : undefined;
    if (since !== undefined && isHeadlessWithSelector(entries.get(to))) events.onProgrammed(since);
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
    endpointsOf: (ip) => endpoints.get(ip).flatMap((slice) => endpointsAt(slice, ip)),
  };
}

/** The slices with one in the place of its earlier version; without either for `undefined`. */
function replaced(
  slices: readonly ReadySlice[],
  previous: ReadySlice | undefined,
  current: ReadySlice | undefined,
): readonly ReadySlice[] {
  const at = previous === undefined ? -1 : slices.indexOf(previous);
  if (current === undefined) return at < 0 ? slices : slices.toSpliced(at, 1);
  return at < 0 ? [...slices, current] : slices.with(at, current);
}

function ipsOf(slice: ReadySlice): readonly string[] {
  return slice.addresses.map(({ ip }) => ip);
}

/** The ready endpoints of a slice with this address. */
function endpointsAt(slice: ReadySlice, ip: string): readonly EndpointOfService[] {
  const [namespace = "", service = ""] = ownerOf(slice)?.split("/") ?? [];
  const wanted = canonicalIp(ip);
  return addressesOf({ slices: [slice] })
    .filter((address) => canonicalIp(address.ip) === wanted)
    .map((address) => ({ namespace, service, address }));
}

/** The only Services whose programming time CoreDNS measures. */
function isHeadlessWithSelector(entry: ServiceEntry | undefined): boolean {
  return entry?.headless === true && entry.service?.spec.selector !== undefined;
}

/** The Service of a slice as `namespace/name`; undefined when it has none. */
function ownerOf(slice: ReadySlice | undefined): string | undefined {
  const service = slice?.metadata.labels?.[SERVICE_NAME_LABEL];
  const namespace = slice?.metadata.namespace;
  return service === undefined || namespace === undefined ? undefined : `${namespace}/${service}`;
}

/** When the cause of this change happened (unix ms), if the change says so. */
function triggerTime({ previous, current }: Change<ReadySlice>): number | undefined {
  const text = current?.metadata.annotations?.[TRIGGER_TIME];
  if (text === undefined || text === previous?.metadata.annotations?.[TRIGGER_TIME]) {
    return undefined;
  }
  const time = Date.parse(text);
  return Number.isNaN(time) ? undefined : time;
}

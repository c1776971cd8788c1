import {
  type Endpoint,
  type EndpointPort,
  type EndpointSlice,
  LAST_CHANGE_TRIGGER_TIME_ANNOTATION as TRIGGER_TIME,
  type ObjectMeta,
  type Service,
} from "@kubehop/api";

/*
 * What DNS needs of objects. A cluster has tens of thousands of them, and most of their fields are
 * for others (CoreDNS keeps as little: plugin/kubernetes/object). Absent fields are there as
 * undefined, so that all objects of a kind have one shape and room for their fields inside.
 */

/** A port of an endpoint or a Service as DNS sees it; -1 stands for "no port declared". */
export interface NamedPort {
  readonly name: string;
  readonly protocol: string;
  readonly port: number;
}

/** A ready address of a slice. */
export interface ReadyAddress {
  /** As the slice writes it. */
  readonly ip: string;
  readonly hostname: string;
  /** The zone it runs in; empty when the slice does not say. */
  readonly zone: string;
  /** The pod's name when the endpoint is a pod. */
  readonly podName: string;
}

/** A slice as DNS keeps it. */
export interface ReadySlice {
  readonly metadata: ObjectMeta;
  readonly ports: readonly NamedPort[];
  readonly addresses: readonly ReadyAddress[];
}

const NONE = {};
/** A slice without ports serves all of them; DNS cannot name one (CoreDNS uses -1 too). */
const ANY_PORT: readonly NamedPort[] = [{ name: "", protocol: "", port: -1 }];

/** The Service without what names do not depend on. */
export function trimService({ metadata, spec }: Service): Service {
  const { type, clusterIP, clusterIPs, externalName, selector, ports } = spec;
  const trimmed = {
    metadata: trimMeta(metadata),
    spec: {
      type,
      clusterIP,
      clusterIPs: clusterIPs !== undefined && clusterIPs.length > 1 ? clusterIPs : undefined,
      externalName,
      // Whether there is one is all that matters.
      selector: selector === undefined ? undefined : NONE,
      ports: ports?.map(({ name, protocol, port }) => ({ name, protocol, port })),
    },
  };
  return trimmed as Service;
}

/**
 * The addresses of a slice that names stand for. Ready is `conditions.ready` true or absent; serving
 * and terminating are not looked at, as in CoreDNS.
 */
export function trimSlice({ metadata, addressType, ports, endpoints }: EndpointSlice): ReadySlice {
  const ready = (addressType === "FQDN" ? [] : (endpoints ?? [])).filter(
    ({ conditions }) => conditions?.ready !== false,
  );
  return {
    metadata: trimMeta(metadata),
    ports: toPorts(ports),
    addresses: ready.flatMap((endpoint) => endpoint.addresses.map((ip) => toAddress(endpoint, ip))),
  };
}

function toAddress({ hostname = "", zone = "", targetRef }: Endpoint, ip: string): ReadyAddress {
  const podName = targetRef?.kind === "Pod" ? (targetRef.name ?? "") : "";
  return { ip, hostname, zone, podName };
}

function toPorts(ports: readonly EndpointPort[] | undefined): readonly NamedPort[] {
  if (ports === undefined || ports.length === 0) return ANY_PORT;
  return ports.map(({ name = "", protocol = "TCP", port = -1 }) => ({ name, protocol, port }));
}

function trimMeta({ name, namespace, labels, annotations }: ObjectMeta): ObjectMeta {
  const since = annotations?.[TRIGGER_TIME];
  const kept = since === undefined ? undefined : { [TRIGGER_TIME]: since };
  return { name, namespace, labels, annotations: kept } as ObjectMeta;
}

import {
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

const NONE = {};
const NOT_READY = { ready: false };

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

/** The slice without what names do not depend on. */
export function trimSlice({
  metadata,
  addressType,
  ports,
  endpoints,
}: EndpointSlice): EndpointSlice {
  const trimmed = {
    metadata: trimMeta(metadata),
    addressType,
    ports: ports?.map(({ name, protocol, port }) => ({ name, protocol, port })),
    endpoints: (endpoints ?? []).map(({ addresses, hostname, zone, targetRef, conditions }) => ({
      addresses,
      hostname,
      zone,
      targetRef: targetRef?.kind === "Pod" ? { kind: "Pod", name: targetRef.name } : undefined,
      conditions: conditions?.ready === false ? NOT_READY : undefined,
    })),
  };
  return trimmed as EndpointSlice;
}

function trimMeta({ name, namespace, labels, annotations }: ObjectMeta): ObjectMeta {
  const since = annotations?.[TRIGGER_TIME];
  const kept = since === undefined ? undefined : { [TRIGGER_TIME]: since };
  return { name, namespace, labels, annotations: kept } as ObjectMeta;
}

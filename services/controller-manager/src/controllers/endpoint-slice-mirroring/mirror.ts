import { isIPv4 } from "node:net";
import {
  type AddressType,
  type Draft,
  type Endpoint,
  type EndpointAddress,
  type EndpointPort,
  type Endpoints,
  ENDPOINTSLICE_MANAGED_BY_LABEL,
  ENDPOINTSLICE_MIRRORING_CONTROLLER,
  type EndpointSlice,
  type EndpointSubset,
  Kinds,
  type Service,
  SERVICE_NAME_LABEL,
  SKIP_MIRROR_LABEL,
} from "@kubehop/api";
import { controllerReference } from "../../owners.ts";
import { canonicalJson } from "../../template-hash.ts";
import { type PortGroup, portsKey, type WantedEndpoint } from "../endpoint-slice/endpoints.ts";
import type { SliceContent } from "../endpoint-slice/packing.ts";
import { draftOf } from "../endpoint-slice/slices.ts";

/** Further addresses of a subset are left out, as upstream's --mirroring-max-endpoints-per-subset. */
const MAX_ENDPOINTS_PER_SUBSET = 1_000;
const LEADER_ANNOTATION = "control-plane.alpha.kubernetes.io/leader";
const LAST_APPLIED_ANNOTATION = "kubectl.kubernetes.io/last-applied-configuration";

/** Whether slices are to follow what a user has written: the Service has no selector of its own. */
export function isMirrored(service: Service | undefined, { metadata }: Endpoints): boolean {
  if (service === undefined || Object.keys(service.spec.selector ?? {}).length > 0) return false;
  if (metadata.labels?.[SKIP_MIRROR_LABEL] === "true") return false;
  return metadata.annotations?.[LEADER_ANNOTATION] === undefined;
}

/**
 * The endpoints of one family by their ports; an address that is both ready and not is ready. Their
 * weights stand in an annotation, which the slices take over as it is.
 */
export function mirroredGroups(endpoints: Endpoints, type: AddressType): Map<string, PortGroup> {
  const groups = new Map<string, PortGroup & { readonly endpoints: WantedEndpoint[] }>();
  for (const subset of endpoints.subsets ?? []) {
    const found = subsetEndpoints(subset, type);
    if (found.size === 0) continue;
    const ports = (subset.ports ?? []).map(mirroredPort);
    const key = portsKey(ports);
    const group = groups.get(key) ?? { ports, endpoints: [] };
    groups.set(key, group);
    for (const [ip, endpoint] of found) {
      const isNew = group.endpoints.every((one) => one.endpoint.addresses[0] !== ip);
      if (isNew) group.endpoints.push({ endpoint, weight: 1 });
    }
  }
  return groups;
}

function subsetEndpoints(subset: EndpointSubset, type: AddressType): Map<string, Endpoint> {
  const found = new Map<string, Endpoint>();
  const add = (ready: boolean, addresses: readonly EndpointAddress[] = []): void => {
    for (const address of addresses) {
      if ((isIPv4(address.ip) ? "IPv4" : "IPv6") !== type || found.has(address.ip)) continue;
      if (found.size < MAX_ENDPOINTS_PER_SUBSET) found.set(address.ip, mirror(address, ready));
    }
  };
  add(true, subset.addresses);
  add(false, subset.notReadyAddresses);
  return found;
}

function mirror({ ip, hostname, nodeName, targetRef }: EndpointAddress, ready: boolean): Endpoint {
  return {
    addresses: [ip],
    conditions: { ready },
    ...(hostname && { hostname }),
    ...(targetRef !== undefined && { targetRef }),
    ...(nodeName && { nodeName }),
  };
}

function mirroredPort({
  name = "",
  port,
  protocol = "TCP",
  appProtocol,
}: NonNullable<EndpointSubset["ports"]>[number]): EndpointPort {
  return { name, protocol, port, ...(appProtocol !== undefined && { appProtocol }) };
}

/** A new slice that mirrors endpoints; the API server completes its name. */
export function mirrorDraft(
  endpoints: Endpoints,
  addressType: AddressType,
  content: SliceContent,
): Draft<EndpointSlice> {
  const meta = {
    labels: mirroredLabels(endpoints),
    annotations: mirroredAnnotations(endpoints),
    ownerReferences: [controllerReference(Kinds.Endpoints, endpoints)],
  };
  return draftOf(endpoints, meta, { addressType, content });
}

/** The slice as it should be; undefined when it is so already. */
export function updatedMirror(
  endpoints: Endpoints,
  slice: EndpointSlice,
  content: SliceContent | undefined,
): EndpointSlice | undefined {
  const next = {
    ...slice,
    metadata: {
      ...slice.metadata,
      labels: mirroredLabels(endpoints),
      annotations: mirroredAnnotations(endpoints),
    },
    ...(content !== undefined && {
      endpoints: content.endpoints.map(({ endpoint }) => endpoint),
      ports: [...content.ports],
    }),
  };
  const annotations = slice.metadata.annotations ?? {};
  const previous = { ...slice, metadata: { ...slice.metadata, annotations } };
  return canonicalJson(next) === canonicalJson(previous) ? undefined : next;
}

function mirroredLabels({ metadata }: Endpoints): Record<string, string> {
  return {
    ...metadata.labels,
    [SERVICE_NAME_LABEL]: metadata.name,
    [ENDPOINTSLICE_MANAGED_BY_LABEL]: ENDPOINTSLICE_MIRRORING_CONTROLLER,
  };
}

function mirroredAnnotations({ metadata }: Endpoints): Record<string, string> {
  const { [LAST_APPLIED_ANNOTATION]: _applied, ...annotations } = metadata.annotations ?? {};
  return annotations;
}

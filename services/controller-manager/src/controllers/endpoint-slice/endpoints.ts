import {
  type AddressType,
  type Endpoint,
  type EndpointPort,
  HEADLESS_LABEL,
  type Node,
  parseWeight,
  type Pod,
  type Service,
  type ServicePort,
  ZONE_LABEL,
} from "@kubehop/api";
import { isDeleting } from "../../owners.ts";
import { isReady, isTerminal } from "../../pods.ts";
import { canonicalJson } from "../../template-hash.ts";

/** An endpoint that a Service is to have. */
export interface WantedEndpoint {
  readonly endpoint: Endpoint;
  readonly weight: number;
}

/** The endpoints that have the same ports: they share slices. */
export interface PortGroup {
  readonly ports: readonly EndpointPort[];
  readonly endpoints: readonly WantedEndpoint[];
}

/** What endpoints are made from. */
export interface EndpointSources {
  readonly service: Service;
  /** The pods of the Service's namespace that its selector matches. */
  readonly pods: readonly Pod[];
  readonly node: (name: string) => Node | undefined;
}

/** The endpoints of a Service by their ports, and pods that wait for their Node to be known. */
export interface WantedEndpoints {
  readonly groups: ReadonlyMap<string, PortGroup>;
  readonly podsWithoutNode: boolean;
}

/** The address types of a Service: its IP families; IPv4 for one that has none (yet). */
export function addressTypes({ spec }: Service): readonly AddressType[] {
  return spec.ipFamilies !== undefined && spec.ipFamilies.length > 0 ? spec.ipFamilies : ["IPv4"];
}

/** Whether the controller makes endpoints for a Service: it has a selector and is no alias. */
export function hasManagedEndpoints({ spec }: Service): boolean {
  return spec.type !== "ExternalName" && Object.keys(spec.selector ?? {}).length > 0;
}

/** Labels that mark endpoints of a Service without cluster IP. */
export function headlessLabels({ spec }: Service): Record<string, string> {
  return spec.clusterIP === "None" ? { [HEADLESS_LABEL]: "" } : {};
}

/** Groups a Service's pods by the ports they resolve to (a named target port may differ). */
export function wantedEndpoints(sources: EndpointSources, type: AddressType): WantedEndpoints {
  const groups = new Map<string, PortGroup & { readonly endpoints: WantedEndpoint[] }>();
  let podsWithoutNode = false;
  for (const pod of sources.pods) {
    const address = addressOf(pod, type);
    if (address === undefined || isTerminal(pod)) continue;
    const node = sources.node(pod.spec.nodeName ?? "");
    if (node === undefined && sources.service.spec.publishNotReadyAddresses !== true) {
      podsWithoutNode = true;
      continue;
    }
    const ports = resolvePorts(sources.service, pod);
    const key = portsKey(ports);
    const group = groups.get(key) ?? { ports, endpoints: [] };
    groups.set(key, group);
    const endpoint = endpointOf({ pod, address, service: sources.service, node });
    group.endpoints.push({ endpoint, weight: parseWeight(pod) });
  }
  return { groups, podsWithoutNode };
}

/** A text that two lists of ports share if they are the same. */
export function portsKey(ports: readonly EndpointPort[]): string {
  return ports
    .map((port) => canonicalJson(port))
    .toSorted()
    .join(",");
}

/** The pod's address of a family. */
export function addressOf({ status }: Pod, type: AddressType): string | undefined {
  const isOfType = (ip: string): boolean => (ip.includes(":") ? "IPv6" : "IPv4") === type;
  const ips = status?.podIPs?.map(({ ip }) => ip) ?? [];
  return [...ips, status?.podIP ?? ""].find((ip) => ip !== "" && isOfType(ip));
}

/** A Service's ports as one pod resolves them; a name that the pod does not have is left out. */
export function resolvePorts({ spec }: Service, pod: Pod): EndpointPort[] {
  return (spec.ports ?? []).flatMap((servicePort) => {
    const port = resolveTargetPort(servicePort, pod);
    if (port === undefined) return [];
    const { name = "", protocol = "TCP", appProtocol } = servicePort;
    return [{ name, protocol, port, ...(appProtocol !== undefined && { appProtocol }) }];
  });
}

/** The number behind a target port; names need the pod's own ports, of the same protocol. */
function resolveTargetPort(servicePort: ServicePort, { spec }: Pod): number | undefined {
  const { port, targetPort = port, protocol = "TCP" } = servicePort;
  if (typeof targetPort === "number") return targetPort === 0 ? port : targetPort;
  const sidecars = (spec.initContainers ?? []).filter((one) => one.restartPolicy === "Always");
  const ports = [...spec.containers, ...sidecars].flatMap((container) => container.ports ?? []);
  const found = ports.find(
    (candidate) => candidate.name === targetPort && (candidate.protocol ?? "TCP") === protocol,
  );
  return found?.containerPort;
}

interface EndpointParts {
  readonly pod: Pod;
  readonly address: string;
  readonly service: Service;
  readonly node: Node | undefined;
}

function endpointOf({ pod, address, service, node }: EndpointParts): Endpoint {
  const serving = isReady(pod);
  const terminating = isDeleting(pod);
  const { nodeName, hostname, subdomain } = pod.spec;
  const { namespace = "", name, uid } = pod.metadata;
  const zone = node?.metadata.labels?.[ZONE_LABEL];
  const hasOwnName = hostname && subdomain === service.metadata.name;
  const ready = service.spec.publishNotReadyAddresses === true || (serving && !terminating);
  const endpoint: Endpoint = {
    addresses: [address],
    conditions: { ready, serving, terminating },
    ...(hasOwnName && { hostname }),
    targetRef: { kind: "Pod", namespace, name, ...(uid !== undefined && { uid }) },
    ...(nodeName && { nodeName }),
    ...(zone && { zone }),
  };
  const hints = hintsOf(service, endpoint);
  return hints === undefined ? endpoint : { ...endpoint, hints };
}

/** KEP-4444 and KEP-3015: a ready endpoint serves its own zone, or its own node, first. */
function hintsOf({ spec }: Service, { conditions, zone, nodeName }: Endpoint): Endpoint["hints"] {
  if (conditions?.ready !== true || spec.trafficDistribution === undefined) return undefined;
  const forZones = zone === undefined ? {} : { forZones: [{ name: zone }] };
  switch (spec.trafficDistribution) {
    case "PreferClose":
    case "PreferSameZone":
      return zone === undefined ? undefined : forZones;
    case "PreferSameNode":
      return nodeName === undefined ? undefined : { ...forZones, forNodes: [{ name: nodeName }] };
    default:
      return undefined;
  }
}

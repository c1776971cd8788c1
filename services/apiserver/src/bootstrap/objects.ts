import {
  type EndpointSlice,
  type Endpoints,
  Kinds,
  type Kind,
  type KubeObject,
  SERVICE_NAME_LABEL,
  SKIP_MIRROR_LABEL,
} from "@kubehop/api";
import { isIPv6 } from "node:net";

/** What the first objects depend on. */
export interface BootstrapOptions {
  /** Ranges of cluster IPs, first family first. */
  readonly serviceCidrs: readonly string[];
  /** Cluster IP of the Service `kubernetes`: the first address of the first range. */
  readonly apiServerIp: string;
  readonly advertiseAddress: string;
  readonly port: number;
}

/** An object that must exist. */
export interface BootstrapObject {
  readonly kind: Kind;
  readonly object: KubeObject;
  /** Its content must stay as given; else it is only created. */
  readonly fixed: boolean;
}

const NAMESPACES = ["default", "kube-system", "kube-public", "kube-node-lease"];
const NAME = "kubernetes";
const COMPONENT_LABELS = { component: "apiserver", provider: "kubernetes" };

/** The objects that exist before anybody creates one, in the order they are created in. */
export function bootstrapObjects(options: BootstrapOptions): BootstrapObject[] {
  return [
    ...NAMESPACES.map((name) => ({
      kind: Kinds.Namespace as Kind,
      object: { apiVersion: "v1", kind: "Namespace", metadata: { name } },
      fixed: false,
    })),
    { kind: Kinds.ServiceCIDR, object: serviceCidr(options), fixed: false },
    { kind: Kinds.Service, object: service(options), fixed: false },
    ...(isLoopback(options.advertiseAddress) ? [] : endpointObjects(options)),
  ];
}

/** A loopback address leads nobody to this server, so it is not published. */
export function isLoopback(address: string): boolean {
  return address === "::1" || address.startsWith("127.");
}

function endpointObjects(options: BootstrapOptions): BootstrapObject[] {
  return [
    { kind: Kinds.Endpoints, object: endpoints(options), fixed: true },
    { kind: Kinds.EndpointSlice, object: endpointSlice(options), fixed: true },
  ];
}

function serviceCidr({ serviceCidrs }: BootstrapOptions): KubeObject {
  return {
    apiVersion: "networking.k8s.io/v1",
    kind: "ServiceCIDR",
    metadata: { name: NAME },
    spec: { cidrs: [...serviceCidrs] },
  };
}

function service({ apiServerIp, port }: BootstrapOptions): KubeObject {
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name: NAME, namespace: "default", labels: { ...COMPONENT_LABELS } },
    spec: {
      type: "ClusterIP",
      clusterIP: apiServerIp,
      ports: [{ name: "https", port: 443, targetPort: port, protocol: "TCP" }],
    },
  };
}

function endpoints({ advertiseAddress, port }: BootstrapOptions): Endpoints & KubeObject {
  return {
    apiVersion: "v1",
    kind: "Endpoints",
    metadata: { name: NAME, namespace: "default", labels: { [SKIP_MIRROR_LABEL]: "true" } },
    subsets: [
      { addresses: [{ ip: advertiseAddress }], ports: [{ name: "https", port, protocol: "TCP" }] },
    ],
  };
}

function endpointSlice({ advertiseAddress, port }: BootstrapOptions): EndpointSlice & KubeObject {
  return {
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    metadata: { name: NAME, namespace: "default", labels: { [SERVICE_NAME_LABEL]: NAME } },
    addressType: isIPv6(advertiseAddress) ? "IPv6" : "IPv4",
    endpoints: [{ addresses: [advertiseAddress], conditions: { ready: true } }],
    ports: [{ name: "https", port, protocol: "TCP" }],
  };
}

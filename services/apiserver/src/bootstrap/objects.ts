import { Kinds, type Kind, type KubeObject } from "@kubehop/api";

/** What the first objects depend on. */
export interface BootstrapOptions {
  /** Ranges of cluster IPs, first family first. */
  readonly serviceCidrs: readonly string[];
  /** Cluster IP of the Service `kubernetes`: the first address of the first range. */
  readonly apiServerIp: string;
  readonly port: number;
}

/** An object that must exist. */
export interface BootstrapObject {
  readonly kind: Kind;
  readonly object: KubeObject;
  /** Its content must stay as given; else it is only created. */
  readonly fixed: boolean;
}

/** Name of the Service through which pods reach API servers, and of all that belongs to it. */
export const KUBERNETES = "kubernetes";

const NAMESPACES = ["default", "kube-system", "kube-public", "kube-node-lease"];
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
  ];
}

/** A loopback address leads nobody to this server, so it is not published. */
export function isLoopback(address: string): boolean {
  return address === "::1" || address.startsWith("127.");
}

function serviceCidr({ serviceCidrs }: BootstrapOptions): KubeObject {
  return {
    apiVersion: "networking.k8s.io/v1",
    kind: "ServiceCIDR",
    metadata: { name: KUBERNETES },
    spec: { cidrs: [...serviceCidrs] },
  };
}

function service({ apiServerIp, port }: BootstrapOptions): KubeObject {
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name: KUBERNETES, namespace: "default", labels: { ...COMPONENT_LABELS } },
    spec: {
      type: "ClusterIP",
      clusterIP: apiServerIp,
      ports: [{ name: "https", port: 443, targetPort: port, protocol: "TCP" }],
    },
  };
}

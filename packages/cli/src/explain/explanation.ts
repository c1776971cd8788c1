/** Why a Service behaves as it does, seen from one node; the stable form of `-o json`. */
export interface ServiceExplanation {
  readonly service: {
    readonly namespace: string;
    readonly name: string;
    readonly type: string;
    /** Empty for ExternalName, `["None"]` for a headless Service. */
    readonly clusterIPs: readonly string[];
    readonly selector?: Readonly<Record<string, string>>;
    readonly externalName?: string;
  };
  /** The node whose kube-proxy decides. */
  readonly node: string;
  readonly ports: readonly PortExplanation[];
  readonly tables: readonly TableState[];
  /** The worst first. */
  readonly findings: readonly Finding[];
}

/** One port of a Service in one IP family. */
export interface PortExplanation {
  /** The port's name; "" without one. */
  readonly name: string;
  readonly protocol: string;
  readonly port: number;
  readonly targetPort: number | string;
  readonly nodePort?: number;
  readonly family: "IPv4" | "IPv6";
  /** internalTrafficPolicy. */
  readonly policy: "Cluster" | "Local";
  /** Session affinity is ClientIP: a client keeps what it drew first. */
  readonly affinity: boolean;
  readonly endpoints: readonly EndpointExplanation[];
}

/** One pod or address that might get connections. */
export interface EndpointExplanation {
  /** `ip:port`; absent for a pod that has none (yet). */
  readonly address?: string;
  /** `namespace/name`; absent for an address that no pod has. */
  readonly pod?: string;
  readonly node?: string;
  readonly zone?: string;
  readonly weight: number;
  /** Share of new connections from 0 to 1; absent where nobody draws (headless). */
  readonly probability?: number;
  readonly state: EndpointState;
  /** Why it is in this state, for people; "" where the state says all. */
  readonly reason: string;
}

/** `Serving` gets new connections, everything else does not, and is why. */
export type EndpointState =
  | "Serving"
  /** It terminates, but nothing better is left (KEP-1669). */
  | "ServingLast"
  | "NotReady"
  | "Terminating"
  | "WeightZero"
  /** Topology hints leave it to other zones or nodes. */
  | "HintedElsewhere"
  /** The traffic policy is Local and it runs on another node. */
  | "NotLocal"
  /** The pod has ended. */
  | "Finished"
  /** The pod has no address yet. */
  | "NoAddress"
  /** The pod has no port of the name that targetPort says. */
  | "NoPort"
  /** The EndpointSlice controller has not listed it yet. */
  | "NotListed";

/** How current the table of a node's kube-proxy is, as far as it concerns this Service. */
export interface TableState {
  readonly node: string;
  /** Absent when the proxy did not say. */
  readonly resourceVersion?: string;
  readonly state: "current" | "stale" | "silent";
}

/** Something worth knowing, named after what it is. */
export interface Finding {
  readonly severity: "error" | "warning" | "info";
  readonly code: FindingCode;
  readonly message: string;
  /** What to do or to look at. */
  readonly next?: string;
}

/** The names of findings. */
export type FindingCode =
  | "SelectorMatchesNothing"
  | "NamedPortMissing"
  | "PortMismatch"
  | "NoReadyEndpoints"
  | "NoEndpointSlices"
  | "NoLocalEndpoints"
  | "AllWeightsZero"
  | "StaleTable"
  | "ProxySilent"
  | "Headless"
  | "ExternalName"
  | "OtherProxy";

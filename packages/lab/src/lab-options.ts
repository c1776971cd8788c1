import type { LabEnvironment } from "./config.ts";
import type { SupervisorEvent } from "./supervisor/process-spec.ts";

/** A step of a lab's start, as it happens. */
export interface LabProgress {
  /** sandbox: network and processes; control-plane: API server; workloads: pods. */
  readonly phase: "sandbox" | "control-plane" | "workloads" | "ready";
  readonly message: string;
  /** Since the start, in ms. */
  readonly elapsedMs: number;
}

/** What a lab is to be. */
export interface LabOptions {
  readonly name: string;
  readonly environment: LabEnvironment;
  /** Default 3. */
  readonly nodes?: number;
  /** Manifests to apply: files and folders. */
  readonly files?: readonly string[];
  /** Default 10.96.0.0/16. With a second CIDR, of IPv6, behind a comma the lab is dual-stack. */
  readonly serviceCidr?: string;
  /** Default 10.244.0.0/16; a /24 of it for each node, and a /64 of a second one, of IPv6. */
  readonly clusterCidr?: string;
  /** Addresses of Services of type LoadBalancer; default 172.31.1.0/24, fd00:172:31:1::/112. */
  readonly loadBalancerPool?: string;
  /** The range of NodePorts; default 30000-32767. */
  readonly nodePorts?: string;
  /**
   * The mode of every kube-proxy, e.g. nftables, or of one node's, e.g. node-2=iptables; of several
   * the last counts. Default userspace.
   */
  readonly proxyModes?: readonly string[];
  /** Port of the API server on this machine; default a free one. */
  readonly apiPort?: number;
  /** Address of this machine at which the API server and the gateway listen; default 127.0.0.1. */
  readonly hostAddress?: string;
  /** Further names and addresses by which this machine is reached, for the certificates. */
  readonly altNames?: readonly string[];
  /** Port of this machine that leads to the Services' addresses, 0 a free one; default none. */
  readonly gatewayPort?: number;
  /** A folder for the socket through which relays in pods reach this machine's network; default none. */
  readonly uplink?: string;
  /** Of every process: trace, debug, info, warn or error; default info. */
  readonly logLevel?: string;
  /** How long everything may take until it is ready, in ms; default 60 s. */
  readonly timeoutMs?: number;
  /** Gives the start up when it aborts. */
  readonly signal?: AbortSignal;
  onProgress?(progress: LabProgress): void;
  /** A process of the lab has started or ended. */
  onEvent?(event: SupervisorEvent): void;
}

type WithoutDefault =
  | "loadBalancerPool"
  | "gatewayPort"
  | "uplink"
  | "signal"
  | "onProgress"
  | "onEvent";

/** The options with every default filled in. */
export type CompleteLabOptions = Required<Omit<LabOptions, WithoutDefault>> &
  Pick<LabOptions, WithoutDefault>;

/** Fills in the defaults. */
export function completeOptions(options: LabOptions): CompleteLabOptions {
  return {
    nodes: 3,
    files: [],
    serviceCidr: "10.96.0.0/16",
    clusterCidr: "10.244.0.0/16",
    nodePorts: "30000-32767",
    proxyModes: [],
    apiPort: 0,
    hostAddress: "127.0.0.1",
    altNames: [],
    logLevel: "info",
    timeoutMs: 60_000,
    ...options,
  };
}

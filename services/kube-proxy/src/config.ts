import { isIP } from "node:net";
import { ConfigError, parseDuration } from "@kubehop/kit";
import {
  type Static,
  type TArray,
  type TBoolean,
  type TInteger,
  type TObject,
  type TString,
  Type,
} from "typebox";
import type { ForwarderSettings } from "./dataplane/dataplane.ts";

/** Flags, environment and defaults of kube-proxy. */
export const schema: TObject<{
  nodeName: TString;
  nodeIp: TArray<TString>;
  proxyMode: TString;
  clusterCidr: TArray<TString>;
  serviceClusterIpRange: TArray<TString>;
  kubeconfig: TString;
  config: TString;
  cleanup: TBoolean;
  busUrl: TString;
  busUser: TString;
  busPassword: TString;
  healthzPort: TInteger;
  metricsPort: TInteger;
  minSyncPeriod: TString;
  syncPeriod: TString;
  dialTimeout: TString;
  udpIdleTimeout: TString;
  maxConnections: TInteger;
  maxUdpFlows: TInteger;
  forwarder: TString;
  portableAccept: TBoolean;
  workers: TInteger;
  logLevel: TString;
}> = Type.Object({
  nodeName: Type.String({ description: "Name of the node this proxy serves.", minLength: 1 }),
  nodeIp: Type.Array(Type.String(), {
    description:
      "Addresses of the node, the primary one first: NodePorts, health and metrics listen there.",
    minItems: 1,
  }),
  proxyMode: Type.String({
    description:
      "Data plane: userspace forwards in this process; nftables, iptables and ipvs have the " +
      "kernel do it, and fall back to userspace where it cannot.",
    default: "userspace",
  }),
  clusterCidr: Type.Array(Type.String(), {
    description:
      "CIDRs of the cluster's pods: they reach external addresses of Services with " +
      "externalTrafficPolicy Local as if it were Cluster.",
    default: [],
  }),
  serviceClusterIpRange: Type.Array(Type.String(), {
    description:
      "CIDRs of cluster IPs: in userspace mode they are routed to this node itself, so that they " +
      "can be listened on; nftables drops what goes to an unused address of them.",
    default: [],
  }),
  kubeconfig: Type.String({
    description: "File with access to the API server, for events; none are written without.",
    default: "",
  }),
  config: Type.String({
    description:
      "File with a KubeProxyConfiguration (kubeproxy.config.k8s.io/v1alpha1); flags and " +
      "environment win over it.",
    default: "",
  }),
  cleanup: Type.Boolean({
    description: "Remove the rules of every mode from the kernel and end; needs no other flag.",
    default: false,
  }),
  busUrl: Type.String({ description: "URL of nats-server, nats://host:port." }),
  busUser: Type.String({ description: "User of the bus.", default: "component" }),
  busPassword: Type.String({ description: "Password of that user.", default: "" }),
  healthzPort: Type.Integer({
    description: "Port of /healthz and /livez on the node's primary address.",
    default: 10256,
    minimum: 0,
    maximum: 65535,
  }),
  metricsPort: Type.Integer({
    description: "Port of /metrics, /proxyMode and /configz on the node's primary address.",
    default: 10249,
    minimum: 0,
    maximum: 65535,
  }),
  minSyncPeriod: Type.String({
    description: "Least time between two syncs; 0s applies every change at once.",
    default: "0s",
  }),
  syncPeriod: Type.String({
    description: "Time after which a failed sync is tried again.",
    default: "30s",
  }),
  dialTimeout: Type.String({
    description: "How long the first endpoint may take to answer; doubles with each further try.",
    default: "250ms",
  }),
  udpIdleTimeout: Type.String({
    description: "A UDP flow without a datagram for so long ends.",
    default: "30s",
  }),
  maxConnections: Type.Integer({
    description: "TCP connections at a time; lowered to what the open file limit allows.",
    default: 16384,
    minimum: 1,
  }),
  maxUdpFlows: Type.Integer({
    description: "UDP flows at a time; lowered to what the open file limit allows.",
    default: 8192,
    minimum: 1,
  }),
  forwarder: Type.String({
    description:
      "Who moves bytes in userspace mode: node, Node's own sockets; epoll, system calls of this " +
      "process, faster, falling back to node; auto, epoll where this machine can.",
    default: "auto",
    pattern: "^(auto|epoll|node)$",
  }),
  portableAccept: Type.Boolean({
    description:
      "Accept connections by public Node interfaces alone; slower. Of the forwarder node only.",
    default: false,
  }),
  workers: Type.Integer({
    description:
      "Threads that forward in userspace mode; 0 takes one for four of the machine's cores, 1 to 4.",
    default: 0,
    minimum: 0,
    maximum: 64,
  }),
  logLevel: Type.String({
    description: "trace, debug, info, warn, error, fatal or silent.",
    default: "info",
    pattern: "^(trace|debug|info|warn|error|fatal|silent)$",
  }),
});

/** What kube-proxy was told to do. */
export type Config = Static<typeof schema>;

/** The durations of a configuration in ms, and what the forwarder is to keep to. */
export interface Settings {
  readonly forwarder: ForwarderSettings;
  readonly minSyncPeriodMs: number;
  readonly syncPeriodMs: number;
}

/** Dials of one connection (upstream's userspace mode: four). */
const DIAL_TRIES = 4;
/** Upstream gives half-closed connections so long in the kernel (conntrack.tcpCloseWaitTimeout). */
const HALF_CLOSED_MS = 3_600_000;
/** How soon an address that could not be bound is tried again. */
const BIND_RETRY_MS = 1_000;
/** File descriptors for the process itself and for listening sockets. */
const RESERVED_FILES = 1_024;
/** Part of the remaining descriptors that TCP connections (two each) may take. */
const TCP_SHARE = 0.75;

/** The machine's other cores are for pods, and maybe for other nodes of a lab. */
const CORES_PER_WORKER = 4;
const MAX_AUTO_WORKERS = 4;

/** What the machine allows this process. */
export interface MachineLimits {
  /** Files it may have open. */
  readonly openFiles: number;
  readonly cores: number;
}

/**
 * Checks what the flags' types cannot, reads the durations and fits the limits to the machine.
 * Throws ConfigError naming the flag.
 */
export function resolveSettings(config: Config, { openFiles, cores }: MachineLimits): Settings {
  for (const ip of config.nodeIp) {
    if (isIP(ip) === 0) throw new ConfigError(`--node-ip: "${ip}" is not an IP address.`);
  }
  const files = Math.max(64, openFiles - RESERVED_FILES);
  return {
    forwarder: {
      dialTimeoutMs: positive("dial-timeout", config.dialTimeout),
      dialTries: DIAL_TRIES,
      halfClosedTimeoutMs: HALF_CLOSED_MS,
      udpIdleTimeoutMs: positive("udp-idle-timeout", config.udpIdleTimeout),
      maxConnections: Math.min(config.maxConnections, Math.floor((files * TCP_SHARE) / 2)),
      maxUdpFlows: Math.min(config.maxUdpFlows, Math.floor(files * (1 - TCP_SHARE))),
      bindRetryMs: BIND_RETRY_MS,
      portableAccept: config.portableAccept,
      workers: config.workers === 0 ? workersFor(cores) : config.workers,
    },
    minSyncPeriodMs: duration("min-sync-period", config.minSyncPeriod),
    syncPeriodMs: positive("sync-period", config.syncPeriod),
  };
}

function workersFor(cores: number): number {
  return Math.min(MAX_AUTO_WORKERS, Math.max(1, Math.floor(cores / CORES_PER_WORKER)));
}

function positive(flag: string, text: string): number {
  const ms = duration(flag, text);
  if (ms === 0) throw new ConfigError(`--${flag}: "${text}" must be longer than 0s.`);
  return ms;
}

function duration(flag: string, text: string): number {
  try {
    const ms = parseDuration(text);
    if (ms >= 0) return ms;
  } catch (error) {
    throw new ConfigError(`--${flag}: ${(error as Error).message}`);
  }
  throw new ConfigError(`--${flag}: "${text}" must not be negative.`);
}

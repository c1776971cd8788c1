import { readFileSync } from "node:fs";
import { ConfigError, parseDuration } from "@kubehop/kit";
import {
  type Static,
  type TArray,
  type TBoolean,
  type TInteger,
  type TObject,
  type TOptional,
  type TString,
  Type,
} from "typebox";
import { type AddressPool, createAddressPool } from "./controllers/load-balancer/address-pool.ts";

/** Flags, environment and defaults of the controller manager. */
export const schema: TObject<{
  kubeconfig: TString;
  bindAddress: TString;
  port: TInteger;
  busUrl: TString;
  busUser: TString;
  busPassword: TString;
  nodeMonitorPeriod: TString;
  nodeMonitorGracePeriod: TString;
  maxEndpointsPerSlice: TInteger;
  rootCaFile: TOptional<TString>;
  loadBalancerPool: TArray<TString>;
  loadBalancerRoutes: TBoolean;
  clusterCidr: TString;
  leaderElect: TBoolean;
  logLevel: TString;
}> = Type.Object({
  kubeconfig: Type.String({ description: "Kubeconfig file: how to reach the API server." }),
  bindAddress: Type.String({ description: "Address of health and metrics.", default: "127.0.0.1" }),
  port: Type.Integer({
    description: "Port of /healthz, /readyz and /metrics.",
    default: 10257,
    minimum: 0,
    maximum: 65535,
  }),
  busUrl: Type.String({ description: "URL of nats-server, nats://host:port." }),
  busUser: Type.String({ description: "User of the bus.", default: "component" }),
  busPassword: Type.String({ description: "Password of that user.", default: "" }),
  nodeMonitorPeriod: Type.String({
    description: "How often the nodes' leases are looked at.",
    default: "5s",
  }),
  nodeMonitorGracePeriod: Type.String({
    description: "A node whose lease is not renewed for so long is unreachable.",
    default: "50s",
  }),
  maxEndpointsPerSlice: Type.Integer({
    description: "Endpoints in one EndpointSlice.",
    default: 100,
    minimum: 1,
    maximum: 1000,
  }),
  rootCaFile: Type.Optional(
    Type.String({ description: "CA certificate that ConfigMap kube-root-ca.crt publishes." }),
  ),
  loadBalancerPool: Type.Array(Type.String(), {
    description:
      "CIDRs of the addresses that Services of type LoadBalancer get, separated by commas; without " +
      "one they wait for somebody else to give them one.",
    default: [],
  }),
  loadBalancerRoutes: Type.Boolean({
    description: "Keep routes from this process's network to those addresses, over the nodes.",
    default: false,
  }),
  clusterCidr: Type.String({
    description: "CIDR of all pods; kubelets are told theirs by --pod-cidr, so it is only shown.",
    default: "10.244.0.0/16",
  }),
  leaderElect: Type.Boolean({
    description: "Act only while holding Lease kube-system/kube-controller-manager.",
    default: false,
  }),
  logLevel: Type.String({
    description: "trace, debug, info, warn, error, fatal or silent.",
    default: "info",
  }),
});

/** What the controller manager was told to do. */
export type Config = Static<typeof schema>;

/** What the controllers need to know of the configuration, in ms. */
export interface Settings {
  readonly nodeMonitorPeriodMs: number;
  readonly nodeMonitorGracePeriodMs: number;
  readonly maxEndpointsPerSlice: number;
  readonly loadBalancerPool: AddressPool;
  readonly loadBalancerRoutes: boolean;
  /** PEM of the CA that pods are to trust; without it no ConfigMap is published. */
  readonly rootCa?: string;
}

/** Reads durations and files. Throws ConfigError naming the flag. */
export function resolveSettings(config: Config): Settings {
  return {
    nodeMonitorPeriodMs: positive("node-monitor-period", config.nodeMonitorPeriod),
    nodeMonitorGracePeriodMs: positive("node-monitor-grace-period", config.nodeMonitorGracePeriod),
    maxEndpointsPerSlice: config.maxEndpointsPerSlice,
    loadBalancerPool: createAddressPool(config.loadBalancerPool),
    loadBalancerRoutes: config.loadBalancerRoutes,
    ...(config.rootCaFile !== undefined && { rootCa: readCa(config.rootCaFile) }),
  };
}

function positive(flag: string, text: string): number {
  const ms = parseDuration(text);
  if (ms <= 0) throw new ConfigError(`--${flag}: "${text}" must be longer than nothing.`);
  return ms;
}

function readCa(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    throw new ConfigError(`--root-ca-file: ${(error as Error).message}`);
  }
}

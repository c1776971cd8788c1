import type { Frontend, ServiceTable } from "@kubehop/routing";
import type { HopTracer } from "@kubehop/client";
import type { Clock, Logger, Random } from "@kubehop/kit";
import type { ForwarderStats } from "../forwarder-stats.ts";
import type { Syscalls } from "@kubehop/syscalls";
import type { AnyIp } from "./any-ip.ts";
import type { KernelCommands } from "./kernel/commands.ts";
import type { KernelStats } from "./kernel/kernel-stats.ts";

/** An address of the table that is not served, and why. */
export interface UnboundPort {
  /** `TCP/10.96.0.50:80`. */
  readonly frontend: string;
  readonly reason: string;
}

/**
 * What makes a node serve a table. Guarantees:
 * 1. `sync` takes the whole wanted state, may be called with the same table again, and leaves
 *    whatever the change does not concern as it is;
 * 2. when `sync` has resolved, new flows follow the table;
 * 3. established TCP connections outlive their endpoint's and their Service's leaving the table;
 * 4. UDP flows to endpoints that no longer serve end with the sync that says so;
 * 5. one address that cannot be served keeps no other from being served: it is retried and listed.
 */
export interface DataPlane extends AsyncDisposable {
  sync(table: ServiceTable): Promise<SyncKind>;
  /** Addresses of the last table that are not served now. */
  unboundPorts(): readonly UnboundPort[];
}

/** Whether a sync wrote everything anew or only what had changed. */
export type SyncKind = "full" | "partial";

/** What every data plane is handed. */
export interface DataPlaneOptions {
  readonly settings: ForwarderSettings;
  readonly tracer: HopTracer;
  readonly stats: ForwarderStats;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly kernel: KernelOptions;
  /** What userspace forwards with, itself or in its threads; Node's own sockets without. */
  readonly syscalls?: Syscalls | undefined;
  /** Told when an address begins to be one that should be served and cannot be bound. */
  onUnbound(frontend: Frontend, problem: string): void;
  /** Whether an address belongs to a pod or node of this cluster. */
  isFromCluster(ip: string): boolean;
}

/** What a data plane needs that changes the node's network. */
export interface KernelOptions {
  readonly commands: KernelCommands;
  readonly anyIp: AnyIp;
  readonly stats: KernelStats;
  /** Where pods and cluster IPs come from. */
  readonly clusterCidrs: readonly string[];
  readonly serviceCidrs: readonly string[];
  /** How often to look whether rules are still in the kernel, in ms. */
  readonly monitorIntervalMs: number;
  /** Asks for a sync without a change. */
  requestSync(): void;
}

/** Limits and times of a forwarder. */
export interface ForwarderSettings {
  /** Time-out of the first dial in ms; it doubles with each further try. */
  readonly dialTimeoutMs: number;
  /** Dials of one connection, ≥ 1. */
  readonly dialTries: number;
  /** A connection of which one side has ended is reset after so long without a byte, in ms. */
  readonly halfClosedTimeoutMs: number;
  /** TCP connections at a time; further ones are reset. */
  readonly maxConnections: number;
  /** UDP flows at a time; the one idle for longest makes room. */
  readonly maxUdpFlows: number;
  /** A UDP flow without a datagram for so long ends, in ms. */
  readonly udpIdleTimeoutMs: number;
  /** How long to wait before an address that could not be bound is tried again, in ms. */
  readonly bindRetryMs: number;
  /** Accept TCP connections by public Node means alone (slower). */
  readonly portableAccept: boolean;
  /** Threads that forward in userspace; with 1 it is the main thread itself. */
  readonly workers: number;
}

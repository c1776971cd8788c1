import type { HopDetails, HopTracer } from "@kubehop/client";
import { createLogger, createRandom, systemClock } from "@kubehop/kit";
import { createForwarderStats, type ForwarderStats } from "../../forwarder-stats.ts";
import { createAnyIp } from "../any-ip.ts";
import type { DataPlane, DataPlaneOptions, ForwarderSettings } from "../dataplane.ts";
import { systemCommands } from "../kernel/commands.ts";
import { createKernelStats } from "../kernel/kernel-stats.ts";

/** A data plane with what a test looks at. */
export interface TestDataPlane extends AsyncDisposable {
  readonly plane: DataPlane;
  readonly stats: ForwarderStats;
  /** Hop events so far; none while `tracing` is false. */
  readonly hops: readonly HopDetails[];
  /** Addresses that could not be bound, each with the reason. */
  readonly unbound: readonly string[];
}

/** What a test changes about the data plane. */
export interface TestDataPlaneOptions {
  readonly settings?: Partial<ForwarderSettings>;
  readonly tracing?: boolean;
  readonly isFromCluster?: (ip: string) => boolean;
  readonly monitorIntervalMs?: number;
  readonly requestSync?: () => void;
}

/** What tests use unless they say otherwise; a busy machine must not look like a dead endpoint. */
export const SETTINGS: ForwarderSettings = {
  dialTimeoutMs: 10_000,
  dialTries: 4,
  halfClosedTimeoutMs: 3_600_000,
  maxConnections: 4_000,
  maxUdpFlows: 4_000,
  udpIdleTimeoutMs: 30_000,
  bindRetryMs: 20,
  portableAccept: false,
  workers: 1,
};

/** Creates a data plane with a seeded random and a tracer that keeps the events. */
export function createTestDataPlane(
  create: (options: DataPlaneOptions) => DataPlane,
  options: TestDataPlaneOptions = {},
): TestDataPlane {
  const stats = createForwarderStats();
  const hops: HopDetails[] = [];
  const tracer: HopTracer = {
    active: () => options.tracing ?? false,
    onLease: () => new DisposableStack(),
    emit: (event) => void hops.push(event),
    synced: () => {},
    [Symbol.dispose]: () => {},
  };
  const logger = createLogger({ name: "test", level: "silent" });
  const unbound: string[] = [];
  const plane = create({
    settings: { ...SETTINGS, ...options.settings },
    tracer,
    stats,
    clock: systemClock,
    random: createRandom(1),
    logger,
    kernel: {
      commands: systemCommands,
      anyIp: createAnyIp({ commands: systemCommands, serviceCidrs: [], nodeIps: [], logger }),
      stats: createKernelStats(),
      clusterCidrs: [],
      serviceCidrs: [],
      monitorIntervalMs: options.monitorIntervalMs ?? 30_000,
      requestSync: options.requestSync ?? (() => {}),
    },
    onUnbound: ({ key }, problem) => void unbound.push(`${key}: ${problem}`),
    isFromCluster: options.isFromCluster ?? (() => false),
  });
  return { plane, stats, hops, unbound, [Symbol.asyncDispose]: () => plane[Symbol.asyncDispose]() };
}

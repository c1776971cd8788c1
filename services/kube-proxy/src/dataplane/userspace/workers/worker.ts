import { parentPort, workerData } from "node:worker_threads";
import type { HopTracer } from "@kubehop/client";
import { createLogger, createRandom, systemClock } from "@kubehop/kit";
import { type Frontend, type ServiceTable, SharedMap } from "@kubehop/routing";
import { loadSyscalls } from "@kubehop/syscalls";
import { createClusterMatcher } from "../../../cluster-addresses.ts";
import type { AnyIp } from "../../any-ip.ts";
import type { DataPlaneOptions, UnboundPort } from "../../dataplane.ts";
import { systemCommands } from "../../kernel/commands.ts";
import { createKernelStats } from "../../kernel/kernel-stats.ts";
import { createUserspaceDataPlane } from "../index.ts";
import { createTcpConnections } from "../tcp-connections.ts";
import { CONTROL, type SyncRequest, type WorkerReport, type WorkerRequest } from "./messages.ts";
import type { WorkerStart } from "./messages.ts";
import { statsIn } from "./shared-stats.ts";

/**
 * The program of a worker thread: a userspace data plane of its own for the frontends that its
 * owner sends. Routes and events are the owner's.
 */
const NO_ROUTES: AnyIp = {
  add: async () => {},
  remove: async () => {},
  take: async () => {},
  release: async () => {},
};

const start = workerData as WorkerStart;
const { settings } = start;
const syscalls = start.epoll ? await loadSyscalls() : undefined;
const control = new Int32Array(start.control);
const openConnections = control.subarray(CONTROL.openConnections, CONTROL.openConnections + 1);
const plane = createUserspaceDataPlane(
  dataPlaneOptions(),
  createTcpConnections(settings.maxConnections, openConnections),
);
let frontends = new SharedMap<Frontend>();
let told: readonly UnboundPort[] = [];
const unboundTimer = setInterval(tellUnbound, settings.bindRetryMs);

parentPort?.on("message", (request: WorkerRequest) => {
  if (request.type === "sync") void sync(request);
  else void close();
});

async function sync({ resourceVersion, node, set, gone }: SyncRequest): Promise<void> {
  frontends = frontends.with(
    new Map<string, Frontend | undefined>([
      ...gone.map((key) => [key, undefined] as const),
      ...set.map((frontend) => [frontend.key, frontend] as const),
    ]),
  );
  const table: ServiceTable = { resourceVersion, node, frontends };
  await acceptPending();
  const problem = await plane.sync(table).then(
    () => undefined,
    (error: unknown) => String(error),
  );
  tellUnbound();
  report({ type: "synced", problem });
}

/**
 * A whole turn of the event loop, in which all connections are accepted whose handshake is done:
 * those still waiting when a listening socket closes would be reset.
 */
async function acceptPending(): Promise<void> {
  for (let turn = 0; turn < 2; turn++) await new Promise((resolve) => setImmediate(resolve));
}

async function close(): Promise<void> {
  clearInterval(unboundTimer);
  await plane[Symbol.asyncDispose]();
  parentPort?.close();
}

/** An address is bound at last without a sync, so the owner hears of it within a retry's time. */
function tellUnbound(): void {
  const ports = plane.unboundPorts();
  if (ports.length === 0 && told.length === 0) return;
  told = ports;
  report({ type: "unbound", ports });
}

function report(message: WorkerReport): void {
  parentPort?.postMessage(message, []);
}

function dataPlaneOptions(): DataPlaneOptions {
  const { clusterCidrs, nodeAddresses } = start;
  return {
    settings,
    syscalls,
    tracer: createTracer(),
    stats: statsIn(start.stats),
    clock: systemClock,
    random: createRandom(start.seed),
    logger: createLogger({ name: "kube-proxy", level: start.logLevel }),
    kernel: {
      commands: systemCommands,
      anyIp: NO_ROUTES,
      stats: createKernelStats(),
      clusterCidrs,
      serviceCidrs: [],
      monitorIntervalMs: settings.bindRetryMs,
      requestSync: () => {},
    },
    onUnbound: ({ key }, problem) => report({ type: "bindFailed", frontend: key, problem }),
    isFromCluster: createClusterMatcher(clusterCidrs, nodeAddresses),
  };
}

/** Hands events to the owner, who sends them; whether somebody traces is in the shared memory. */
function createTracer(): HopTracer {
  return {
    active: () => Atomics.load(control, CONTROL.tracing) === 1,
    onLease: () => new DisposableStack(),
    emit: (event) => report({ type: "hop", event: { ...event, time: systemClock.now() } }),
    synced: () => {},
    [Symbol.dispose]: () => {},
  };
}

import { diffTables, type ServiceTable } from "@kubehop/routing";
import type { HopTracer } from "@kubehop/client";
import type { DataPlane, DataPlaneOptions } from "../../dataplane.ts";
import { createLocalAddresses, type LocalAddresses } from "../local-addresses.ts";
import { CONTROL, type WorkerStart } from "./messages.ts";
import { createStatsMemory, statsIn, sumUp } from "./shared-stats.ts";
import { dealOut, type Share, soleWorker } from "./shares.ts";
import { startWorkerThread, type WorkerThread } from "./worker-thread.ts";

/** How often it is looked whether somebody still traces, in ms. */
const TRACE_CHECK_MS = 500;

/**
 * The userspace data plane on several threads. Each has listening sockets of its own at the same
 * addresses, and the kernel spreads connections between them (SO_REUSEPORT); `shares.ts` says what
 * one thread serves alone. This thread makes routes, sends each worker what a change means for it,
 * and speaks for all: a sync is done when every worker has done it, statistics are sums, the limit
 * of TCP connections is one for all, that of UDP flows is divided.
 */
export function createWorkersDataPlane(options: DataPlaneOptions): DataPlane {
  const { kernel, settings, stats } = options;
  const localAddresses = createLocalAddresses(kernel.anyIp);
  const memory = createMemory(settings.workers);
  sumUp(stats, memory.stats.map(statsIn));
  const tracing = watchTracing(options.tracer, new Int32Array(memory.control));
  let workers: readonly WorkerThread[] = [];
  let table: ServiceTable | undefined;

  /** Where all workers fail, one word of it is enough. */
  function tellUnbound(worker: number, key: string, problem: string): void {
    const frontend = table?.frontends.get(key);
    if (frontend === undefined || (soleWorker(frontend, workers.length) ?? 0) !== worker) return;
    options.onUnbound(frontend, problem);
  }

  return {
    async sync(next) {
      const kind = table === undefined ? "full" : "partial";
      if (table === undefined) {
        await kernel.anyIp.add();
        workers = startWorkers({ options, memory, node: next.node, tellUnbound });
      }
      const diff = diffTables(table, next);
      table = next;
      await Promise.all(diff.added.map(({ ip }) => localAddresses.take(ip)));
      await applyShares(workers, dealOut(diff, workers.length), next);
      await Promise.all(diff.removed.map(({ ip }) => localAddresses.release(ip)));
      return kind;
    },
    unboundPorts: () => {
      const ports = workers.flatMap((worker) => worker.unboundPorts());
      return [...new Map(ports.map((port) => [port.frontend, port])).values()];
    },
    async [Symbol.asyncDispose]() {
      tracing[Symbol.dispose]();
      await Promise.all(workers.map((worker) => worker[Symbol.asyncDispose]()));
      await releaseAll(localAddresses, table);
    },
  };
}

/** What the threads share. */
interface SharedMemory {
  readonly control: SharedArrayBuffer;
  /** One a worker. */
  readonly stats: readonly SharedArrayBuffer[];
}

function createMemory(workers: number): SharedMemory {
  return {
    control: new SharedArrayBuffer(CONTROL.size * Int32Array.BYTES_PER_ELEMENT),
    stats: Array.from({ length: workers }, createStatsMemory),
  };
}

interface StartOptions {
  readonly options: DataPlaneOptions;
  readonly memory: SharedMemory;
  readonly node: ServiceTable["node"];
  tellUnbound(worker: number, key: string, problem: string): void;
}

/** The node's addresses are the table's, so nothing starts before the first one. */
function startWorkers({ options, memory, node, tellUnbound }: StartOptions): WorkerThread[] {
  const { kernel, logger, random, settings, tracer } = options;
  const maxUdpFlows = Math.ceil(settings.maxUdpFlows / settings.workers);
  return memory.stats.map((stats, index) => {
    const start: WorkerStart = {
      settings: { ...settings, maxUdpFlows },
      epoll: options.syscalls !== undefined,
      clusterCidrs: kernel.clusterCidrs,
      nodeAddresses: node.addresses,
      seed: Math.floor(random() * 2 ** 32),
      logLevel: logger.level,
      stats,
      control: memory.control,
    };
    return startWorkerThread(start, {
      onHop: (event) => tracer.emit(event),
      onBindFailed: (key, problem) => tellUnbound(index, key, problem),
    });
  });
}

async function applyShares(
  workers: readonly WorkerThread[],
  shares: readonly Share[],
  { resourceVersion, node }: ServiceTable,
): Promise<void> {
  await Promise.all(
    workers.map((worker, index) =>
      worker.sync({ resourceVersion, node, set: [], gone: [], ...shares[index] }),
    ),
  );
}

/** Keeps the cell that tells the workers whether somebody traces. */
function watchTracing(tracer: HopTracer, control: Int32Array): Disposable {
  let timer: NodeJS.Timeout | undefined;
  const check = (): void => {
    const active = tracer.active();
    Atomics.store(control, CONTROL.tracing, active ? 1 : 0);
    clearInterval(timer);
    if (active) timer = setInterval(check, TRACE_CHECK_MS);
  };
  check();
  const subscription = tracer.onLease(check);
  return {
    [Symbol.dispose]() {
      clearInterval(timer);
      subscription[Symbol.dispose]();
    },
  };
}

async function releaseAll(addresses: LocalAddresses, table?: ServiceTable): Promise<void> {
  const ips = [...(table?.frontends.values() ?? [])].map(({ ip }) => ip);
  await Promise.all(ips.map((ip) => addresses.release(ip)));
}

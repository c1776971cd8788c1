import {
  type AffinityMemory,
  createAffinityMemory,
  diffTables,
  type ServiceTable,
  type TableDiff,
} from "@kubehop/routing";
import type { DataPlane, DataPlaneOptions } from "../dataplane.ts";
import { createEpollEngine } from "./epoll/index.ts";
import { createFrontendPorts } from "./frontend-ports.ts";
import { createLocalAddresses } from "./local-addresses.ts";
import { createLimitWarning } from "./limit-warning.ts";
import { createSocketEngine } from "./socket-engine.ts";
import { createTcpConnections, type TcpConnections } from "./tcp-connections.ts";
import { createUdpFlows } from "./udp-flows.ts";

/**
 * The data plane that forwards in this process: a listening socket for each address of a Service,
 * a connection of its own to the endpoint for each of the client's. Endpoints see this node's
 * address as the client's. `connections` is where it keeps its TCP connections.
 */
export function createUserspaceDataPlane(
  options: DataPlaneOptions,
  connections: TcpConnections = createTcpConnections(options.settings.maxConnections),
): DataPlane {
  const { clock, settings, stats } = options;
  const affinity = createAffinityMemory({ monotonic: clock.monotonic });
  const flows = createUdpFlows({
    maxFlows: settings.maxUdpFlows,
    idleTimeoutMs: settings.udpIdleTimeoutMs,
    stats,
  });
  const engine =
    options.syscalls === undefined ? createSocketEngine() : createEpollEngine(options.syscalls);
  let table: ServiceTable | undefined;
  const ports = createFrontendPorts({
    ...options,
    engine,
    affinity,
    localAddresses: createLocalAddresses(options.kernel.anyIp),
    connections,
    flows,
    countIn: (bytes) => (stats.bytesIn += bytes),
    countOut: (bytes) => (stats.bytesOut += bytes),
    onLimit: createLimitWarning(options),
    table() {
      if (table === undefined) throw new Error("a flow came before the first table");
      return table;
    },
  });

  return {
    async sync(next) {
      const kind = table === undefined ? "full" : "partial";
      if (table === undefined) await options.kernel.anyIp.add();
      engine.acceptWaiting();
      const diff = diffTables(table, next);
      table = next;
      forgetClients(affinity, diff, next);
      await ports.apply(diff);
      return kind;
    },
    unboundPorts: () => ports.unbound(),
    async [Symbol.asyncDispose]() {
      await ports.closeAll();
      connections.resetAll();
      flows[Symbol.dispose]();
      engine[Symbol.dispose]();
    },
  };
}

/** A client whose endpoint has left draws anew, also when the endpoint comes back later. */
function forgetClients(
  affinity: AffinityMemory,
  { removed, changed }: TableDiff,
  { frontends }: ServiceTable,
): void {
  for (const { current } of changed) affinity.retain(current.service);
  const gone = removed.filter(({ service }) => service.affinityTimeoutMs !== undefined);
  if (gone.length === 0) return;
  const present = new Set([...frontends.values()].map(({ service }) => service.key));
  for (const { service } of gone) {
    if (!present.has(service.key)) affinity.forget(service.key);
  }
}

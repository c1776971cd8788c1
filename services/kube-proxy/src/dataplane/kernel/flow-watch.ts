import {
  candidatesOf,
  createAffinityMemory,
  type Frontend,
  frontendKey,
  type ServiceTable,
} from "@kubehop/routing";
import type { HopTracer } from "@kubehop/client";
import type { Clock } from "@kubehop/kit";
import type { KernelCommands } from "./commands.ts";
import { type ConntrackEntry, parseConntrackEntry } from "./conntrack-entry.ts";

/** Where flows are told from, and what they are explained with. */
export interface FlowWatchOptions {
  readonly commands: KernelCommands;
  readonly tracer: HopTracer;
  readonly clock: Clock;
  isFromCluster(ip: string): boolean;
  table(): ServiceTable | undefined;
}

/** Flows that are known to have begun; the oldest makes room. */
const MAX_OPEN = 65_536;
/** How often it is asked whether somebody still traces. */
const CHECK_MS = 1_000;

/** A flow that was told of and has not ended. */
interface OpenFlow {
  readonly entry: ConntrackEntry;
  readonly frontend: Frontend;
  readonly startedAt: number;
}

/**
 * Tells the tracer of flows the kernel forwards, while somebody traces: connection tracking reports
 * each new flow with the addresses before and after its translation. What the kernel does not
 * report cannot be told: the number it drew, flows it refused, and whether affinity chose; that
 * is concluded from the flows seen before.
 */
export function watchFlows(options: FlowWatchOptions): Disposable {
  const { commands, tracer } = options;
  let running: Disposable | undefined;
  const telling = createTelling(options);

  function follow(): void {
    if (tracer.active() === (running !== undefined)) return;
    if (running !== undefined) {
      running[Symbol.dispose]();
      running = undefined;
      telling.forget();
    } else {
      const command = ["conntrack", "-E", "-e", "NEW,DESTROY", "-o", "id"] as const;
      running = commands.follow(command, telling.take);
    }
  }

  const lease = tracer.onLease(follow);
  const timer = setInterval(follow, CHECK_MS);
  return {
    [Symbol.dispose]() {
      lease[Symbol.dispose]();
      clearInterval(timer);
      running?.[Symbol.dispose]();
    },
  };
}

function createTelling({ tracer, clock, isFromCluster, table }: FlowWatchOptions) {
  const open = new Map<string, OpenFlow>();
  const affinity = createAffinityMemory({ monotonic: clock.monotonic });

  function begin(entry: ConntrackEntry): void {
    const { protocol, frontend: address, endpoint, client } = entry;
    const current = table();
    const frontend = current?.frontends.get(frontendKey(protocol, address.ip, address.port));
    if (current === undefined || frontend === undefined) return;
    const { service, external, policy } = frontend;
    const local = policy === "Local" && !(external && isFromCluster(client.ip));
    const endpoints = local ? service.local : service.cluster;
    const chosen = endpoints.endpoints.find(
      ({ ip, port }) => ip === endpoint.ip && port === endpoint.port,
    );
    if (chosen === undefined) return;
    const remembered = affinity.recall(service, client.ip) === chosen.key;
    affinity.remember(service, client.ip, chosen.key);
    open.set(entry.id, { entry, frontend, startedAt: clock.monotonic() });
    if (open.size > MAX_OPEN) open.delete(open.keys().next().value ?? "");
    const { upstream } = entry;
    tracer.emit({
      type: "forwarded",
      protocol,
      service: service.name,
      client,
      frontend: address,
      upstream,
      endpoint,
      candidates: candidatesOf(endpoints),
      affinity: remembered,
      resourceVersion: current.resourceVersion,
    });
  }

  function end(entry: ConntrackEntry): void {
    const known = open.get(entry.id);
    if (known === undefined) return;
    open.delete(entry.id);
    const { bytesIn, bytesOut, protocol, client, frontend, endpoint } = entry;
    const durationMs = clock.monotonic() - known.startedAt;
    const service = known.frontend.service.name;
    const flow = { protocol, service, client, frontend, endpoint };
    tracer.emit({ type: "closed", ...flow, bytesIn, bytesOut, durationMs, reset: false });
  }

  return {
    take(line: string): void {
      const entry = parseConntrackEntry(line);
      if (entry === undefined) return;
      if (line.includes("[NEW]")) begin(entry);
      else if (line.includes("[DESTROY]")) end(entry);
    },
    forget: () => open.clear(),
  };
}

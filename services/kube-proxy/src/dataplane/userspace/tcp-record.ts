import type { RejectReason } from "@kubehop/api";
import type { Address, Flow, ForwardDecision, Frontend } from "@kubehop/routing";
import type { ForwarderContext } from "./forwarder-context.ts";
import {
  emitClosed,
  emitForwarded,
  emitRejected,
  type FlowEnd,
  type ForwardedFlow,
} from "./hops.ts";
import type { Resettable, TcpConnections } from "./tcp-connections.ts";

/** What the TCP connections of a forwarder share. */
export interface TcpContext extends ForwarderContext {
  readonly connections: TcpConnections;
  /** Adds to the bytes read from clients. */
  readonly countIn: (bytes: number) => void;
  /** Adds to the bytes sent to clients. */
  readonly countOut: (bytes: number) => void;
  /** Told of each connection above the limit. */
  readonly onLimit: () => void;
}

/** What is counted of a TCP connection, and told to the tracer, however its bytes are moved. */
export class TcpRecord {
  readonly flow: Flow;
  readonly #context: TcpContext;
  readonly #startedAt: number;
  /** Set while the flow is traced. */
  #traced: ForwardedFlow | undefined;

  /** `client` may read its address when it is asked for it. */
  constructor(client: Address, frontend: Frontend, context: TcpContext) {
    const fromCluster = frontend.external && context.isFromCluster(client.ip);
    this.flow = { protocol: "TCP", client, frontend, fromCluster };
    this.#context = context;
    this.#startedAt = context.clock.monotonic();
  }

  /** Counts an accepted connection. False above the limit: it is told as rejected, and not open. */
  open(connection: Resettable): boolean {
    const { connections, stats, onLimit } = this.#context;
    stats.tcpConnections += 1;
    if (!connections.add(connection)) {
      onLimit();
      this.reject("LimitReached", undefined);
      return false;
    }
    stats.tcpConnectionsOpen += 1;
    return true;
  }

  reject(reason: RejectReason, frontend: Frontend | undefined): void {
    const { stats, tracer, table } = this.#context;
    stats.rejected[reason] += 1;
    if (!tracer.active()) return;
    const { resourceVersion } = table();
    const service = frontend?.service.name;
    emitRejected(tracer, { flow: this.flow, reason, service, resourceVersion });
  }

  /** An endpoint has answered; `upstream` reads our own address towards it. */
  forward(decision: ForwardDecision, upstream: () => Address): void {
    const { tracer, table, clock } = this.#context;
    if (!tracer.active()) return;
    const { resourceVersion } = table();
    this.#traced = { flow: this.flow, decision, resourceVersion };
    emitForwarded(tracer, this.#traced, upstream(), clock.monotonic() - this.#startedAt);
  }

  /** An open connection has ended. */
  close(connection: Resettable, end: Omit<FlowEnd, "durationMs">): void {
    const { connections, stats, tracer, clock } = this.#context;
    connections.delete(connection);
    stats.tcpConnectionsOpen -= 1;
    if (this.#traced === undefined) return;
    const durationMs = clock.monotonic() - this.#startedAt;
    emitClosed(tracer, this.#traced, { ...end, durationMs });
  }
}

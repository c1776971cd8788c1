import type { OnReadOpts, Socket } from "node:net";
import type { RejectReason } from "@kubehop/api";
import type { Address, Flow, ForwardDecision, Frontend } from "@kubehop/routing";
import type { AcceptedConnection } from "./accept.ts";
import { type Dial, dial, type DialRequest } from "./dial.ts";
import type { ForwarderContext } from "./forwarder-context.ts";
import { emitClosed, emitForwarded, emitRejected, type ForwardedFlow } from "./hops.ts";
import { resetSocket } from "./socket-reset.ts";
import type { ReadBuffers } from "./read-buffers.ts";
import type { Resettable, TcpConnections } from "./tcp-connections.ts";
import { createTcpPump, type TcpPump } from "./tcp-pump.ts";

/** What the TCP connections of a forwarder share. */
export interface TcpContext extends ForwarderContext {
  readonly connections: TcpConnections;
  readonly buffers: ReadBuffers;
  /** Adds to the bytes read from clients. */
  readonly countIn: (bytes: number) => void;
  /** Adds to the bytes sent to clients. */
  readonly countOut: (bytes: number) => void;
  /** Told of each connection above the limit. */
  readonly onLimit: () => void;
}

/**
 * Forwards an accepted connection to an endpoint until both sides have closed:
 * 1. the client is not read before an endpoint has answered;
 * 2. the end of one direction is handed on and leaves the other open (half-close);
 * 3. a reset, or any error, of one side resets the other;
 * 4. it keeps its endpoint whatever later tables say;
 * 5. with one side ended and no byte from the other for long, it is reset.
 */
export function forwardConnection(
  accepted: AcceptedConnection,
  frontend: Frontend,
  context: TcpContext,
): void {
  new TcpConnection(accepted, frontend, context).start();
}

class TcpConnection implements DialRequest, Resettable {
  readonly flow: Flow;
  readonly #accepted: AcceptedConnection;
  readonly #client: Socket;
  readonly #context: TcpContext;
  readonly #outPump: TcpPump;
  readonly #startedAt: number;
  #dial: Dial | undefined;
  #endpoint: Socket | undefined;
  /** Set while the flow is traced. */
  #traced: ForwardedFlow | undefined;
  #wasReset = false;
  #openSockets = 1;

  constructor(accepted: AcceptedConnection, frontend: Frontend, context: TcpContext) {
    this.#accepted = accepted;
    this.#client = accepted.socket;
    this.#context = context;
    this.flow = createFlow(accepted.socket, frontend, context);
    this.#outPump = createTcpPump(context.buffers, context.countOut);
    this.#startedAt = context.clock.monotonic();
  }

  get onread(): OnReadOpts {
    return this.#outPump.onread;
  }

  start(): void {
    const { connections, stats } = this.#context;
    this.#client.on("error", () => this.reset());
    stats.tcpConnections += 1;
    if (!connections.add(this)) {
      this.#context.onLimit();
      return this.onFailure("LimitReached", undefined);
    }
    stats.tcpConnectionsOpen += 1;
    this.#client.on("close", () => this.#onClose());
    this.#dial = dial(this, this.#context);
  }

  /** Ends both sides at once. */
  reset(): void {
    this.#wasReset = true;
    resetSocket(this.#client);
    if (this.#endpoint === undefined) this.#dial?.abort();
    else resetSocket(this.#endpoint);
  }

  onConnect(endpoint: Socket, decision: ForwardDecision): void {
    this.#endpoint = endpoint;
    this.#openSockets += 1;
    endpoint.on("error", () => this.reset());
    endpoint.on("close", () => this.#onClose());
    this.#client.on("end", () => this.#onEnd(endpoint));
    endpoint.on("end", () => this.#onEnd(this.#client));
    if (this.#context.tracer.active()) this.#trace(endpoint, decision);
    this.#outPump.connect(endpoint, this.#client, "onread");
    this.#accepted.pump.connect(this.#client, endpoint, this.#accepted.reads);
    this.#client.resume();
  }

  /** The handshake is done, so a reset is the nearest thing to a refusal. */
  onFailure(reason: RejectReason, frontend: Frontend | undefined): void {
    const { stats, tracer, table } = this.#context;
    stats.rejected[reason] += 1;
    if (tracer.active()) {
      const { resourceVersion } = table();
      const service = frontend?.service.name;
      emitRejected(tracer, { flow: this.flow, reason, service, resourceVersion });
    }
    resetSocket(this.#client);
  }

  #trace(endpoint: Socket, decision: ForwardDecision): void {
    const { tracer, table, clock } = this.#context;
    const { resourceVersion } = table();
    this.#traced = { flow: this.flow, decision, resourceVersion };
    const upstream = { ip: endpoint.localAddress ?? "", port: endpoint.localPort ?? 0 };
    emitForwarded(tracer, this.#traced, upstream, clock.monotonic() - this.#startedAt);
  }

  /**
   * One side has ended. The kernel's events for it are at an end too (libuv listens no more), so
   * that it has gone altogether shows only when something is written to it.
   */
  #onEnd(other: Socket): void {
    if (other.readableEnded) return;
    other.setTimeout(this.#context.settings.halfClosedTimeoutMs, () => this.reset());
  }

  #onClose(): void {
    this.#openSockets -= 1;
    if (this.#openSockets > 0) return;
    const { connections, stats, tracer, clock } = this.#context;
    connections.delete(this);
    stats.tcpConnectionsOpen -= 1;
    if (this.#traced === undefined) return;
    emitClosed(tracer, this.#traced, {
      bytesIn: this.#accepted.pump.bytes(),
      bytesOut: this.#outPump.bytes(),
      durationMs: clock.monotonic() - this.#startedAt,
      reset: this.#wasReset,
    });
  }
}

function createFlow(client: Socket, frontend: Frontend, { isFromCluster }: TcpContext): Flow {
  return {
    protocol: "TCP",
    client: new ClientAddress(client),
    frontend,
    fromCluster: frontend.external && isFromCluster(client.remoteAddress ?? ""),
  };
}

/** Reads a client's address from its socket only when somebody asks: it costs a system call. */
class ClientAddress implements Address {
  readonly #socket: Socket;

  constructor(socket: Socket) {
    this.#socket = socket;
  }

  get ip(): string {
    return this.#socket.remoteAddress ?? "";
  }

  get port(): number {
    return this.#socket.remotePort ?? 0;
  }
}

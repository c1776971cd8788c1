import { connect, type OnReadOpts, type Socket } from "node:net";
import type { RejectReason } from "@kubehop/api";
import type { Address, Flow, ForwardDecision, Frontend, ServiceEndpoint } from "@kubehop/routing";
import { type AcceptedConnection, KEEP_ALIVE_MS } from "./accept.ts";
import { type Connecting, type Dial, dial, type DialAttempt, type DialRequest } from "./dial.ts";
import { resetSocket } from "./socket-reset.ts";
import type { ReadBuffers } from "./read-buffers.ts";
import type { Resettable } from "./tcp-connections.ts";
import { createTcpPump, type TcpPump } from "./tcp-pump.ts";
import { type TcpContext, TcpRecord } from "./tcp-record.ts";

/** What connections over Node's sockets share besides. */
export interface SocketContext extends TcpContext {
  readonly buffers: ReadBuffers;
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
  context: SocketContext,
): void {
  new TcpConnection(accepted, frontend, context).start();
}

class TcpConnection implements DialRequest, Resettable {
  readonly #accepted: AcceptedConnection;
  readonly #client: Socket;
  readonly #context: SocketContext;
  readonly #record: TcpRecord;
  readonly #outPump: TcpPump;
  #dial: Dial | undefined;
  #endpoint: Socket | undefined;
  #wasReset = false;
  #openSockets = 1;

  constructor(accepted: AcceptedConnection, frontend: Frontend, context: SocketContext) {
    this.#accepted = accepted;
    this.#client = accepted.socket;
    this.#context = context;
    this.#record = new TcpRecord(new ClientAddress(accepted.socket), frontend, context);
    this.#outPump = createTcpPump(context.buffers, context.countOut);
  }

  get flow(): Flow {
    return this.#record.flow;
  }

  start(): void {
    this.#client.on("error", () => this.reset());
    if (!this.#record.open(this)) return resetSocket(this.#client);
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

  connect(endpoint: ServiceEndpoint, attempt: DialAttempt): Connecting {
    const fail = (): void => attempt.fail();
    const socket = connectTo(endpoint, this.#outPump.onread).on("error", fail);
    socket.on("connect", () => {
      socket.off("error", fail);
      this.#endpoint = socket;
      attempt.succeed();
    });
    return { abort: () => void socket.removeAllListeners("connect").destroy() };
  }

  onConnect(decision: ForwardDecision): void {
    const endpoint = this.#endpoint;
    if (endpoint === undefined) return;
    this.#openSockets += 1;
    endpoint.on("error", () => this.reset());
    endpoint.on("close", () => this.#onClose());
    this.#client.on("end", () => this.#onEnd(endpoint));
    endpoint.on("end", () => this.#onEnd(this.#client));
    this.#record.forward(decision, () => ({
      ip: endpoint.localAddress ?? "",
      port: endpoint.localPort ?? 0,
    }));
    this.#outPump.connect(endpoint, this.#client, "onread");
    this.#accepted.pump.connect(this.#client, endpoint, this.#accepted.reads);
    this.#client.resume();
  }

  /** The handshake is done, so a reset is the nearest thing to a refusal. */
  onFailure(reason: RejectReason, frontend: Frontend | undefined): void {
    this.#record.reject(reason, frontend);
    resetSocket(this.#client);
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
    this.#record.close(this, {
      bytesIn: this.#accepted.pump.bytes(),
      bytesOut: this.#outPump.bytes(),
      reset: this.#wasReset,
    });
  }
}

function connectTo({ ip, port }: ServiceEndpoint, onread: OnReadOpts): Socket {
  return connect({
    host: ip,
    port,
    allowHalfOpen: true,
    noDelay: true,
    keepAlive: true,
    keepAliveInitialDelay: KEEP_ALIVE_MS,
    autoSelectFamily: false,
    onread,
  });
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

import type { RejectReason } from "@kubehop/api";
import type { Address, Flow, ForwardDecision, Frontend, ServiceEndpoint } from "@kubehop/routing";
import { type Connecting, type Dial, dial, type DialAttempt, type DialRequest } from "../dial.ts";
import type { Resettable } from "../tcp-connections.ts";
import { type TcpContext, TcpRecord } from "../tcp-record.ts";
import { EndpointSocket } from "./endpoint-socket.ts";
import type { Io } from "./io.ts";
import { SIDE_EVENTS, type SideOwner, TcpSide } from "./tcp-side.ts";

/** A connection the kernel has accepted. */
export interface AcceptedConnection {
  readonly fd: number;
  readonly client: Address;
}

/**
 * Forwards an accepted connection to an endpoint until both sides have closed, as the one over
 * Node's sockets does.
 */
export function forwardConnection(
  accepted: AcceptedConnection,
  frontend: Frontend,
  context: TcpContext,
  io: Io,
): void {
  const connection = new TcpConnection(accepted, frontend, { context, io });
  connection.start();
}

interface Surroundings {
  readonly context: TcpContext;
  readonly io: Io;
}

class TcpConnection implements DialRequest, Resettable, SideOwner {
  readonly #fd: number;
  readonly #context: TcpContext;
  readonly #io: Io;
  readonly #record: TcpRecord;
  #dial: Dial | undefined;
  #connecting: EndpointSocket | undefined;
  #client: TcpSide | undefined;
  #endpoint: TcpSide | undefined;
  /** Runs while one side has ended. */
  #halfClosed: NodeJS.Timeout | undefined;
  #wasReset = false;
  #closed = false;

  constructor(
    { fd, client }: AcceptedConnection,
    frontend: Frontend,
    { context, io }: Surroundings,
  ) {
    this.#fd = fd;
    this.#context = context;
    this.#io = io;
    this.#record = new TcpRecord(client, frontend, context);
  }

  get flow(): Flow {
    return this.#record.flow;
  }

  start(): void {
    if (!this.#record.open(this)) return this.#io.sockets.reset(this.#fd);
    this.#dial = dial(this, this.#context);
  }

  connect(endpoint: ServiceEndpoint, attempt: DialAttempt): Connecting {
    this.#connecting = new EndpointSocket(endpoint, attempt, this.#io);
    return this.#connecting;
  }

  onConnect(decision: ForwardDecision): void {
    const connected = this.#connecting;
    if (connected === undefined) return;
    const place = this.#io.loop.add(this.#fd, SIDE_EVENTS);
    if (place < 0) return this.reset();
    this.#connecting = undefined;
    this.#dial = undefined;
    const { fd } = connected;
    this.#record.forward(decision, () => this.#io.sockets.localAddress(fd));
    const endpoint = new TcpSide(fd, connected.place, this, this.#io);
    const client = new TcpSide(this.#fd, place, this, this.#io);
    client.join(endpoint);
    [this.#client, this.#endpoint] = [client, endpoint];
    client.resume();
    endpoint.onEvents(connected.events);
  }

  /** The handshake is done, so a reset is the nearest thing to a refusal. */
  onFailure(reason: RejectReason, frontend: Frontend | undefined): void {
    this.#record.reject(reason, frontend);
    this.#close("reset");
  }

  onRead(side: TcpSide, bytes: number): void {
    if (side === this.#client) this.#context.countIn(bytes);
    else this.#context.countOut(bytes);
    this.#halfClosed?.refresh();
  }

  /** That the other side has gone altogether may show only when something is written to it. */
  onEnd(): void {
    const { halfClosedTimeoutMs } = this.#context.settings;
    this.#halfClosed = setTimeout(() => this.reset(), halfClosedTimeoutMs);
  }

  onEnds(): void {
    this.#close("end");
  }

  /** Ends both sides at once. */
  reset(): void {
    this.#wasReset = true;
    this.#close("reset");
  }

  #close(how: "end" | "reset"): void {
    if (this.#closed) return;
    this.#closed = true;
    clearTimeout(this.#halfClosed);
    this.#dial?.abort();
    this.#endpoint?.close(how);
    if (this.#client !== undefined) this.#client.close(how);
    else this.#io.sockets.reset(this.#fd);
    this.#record.close(this, {
      bytesIn: this.#client?.bytes ?? 0,
      bytesOut: this.#endpoint?.bytes ?? 0,
      reset: this.#wasReset,
    });
  }
}

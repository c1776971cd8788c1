import type { ForwardDecision } from "@kubehop/routing";
import { EPOLL, ERRNO, MSG, SyscallError } from "@kubehop/syscalls";
import type { UdpFlow, UdpFlowEvents } from "../udp-flow.ts";
import type { EventHandler } from "./event-loop.ts";
import type { Io } from "./io.ts";

/** Opens a flow to the endpoint that was decided on. */
export function openUdpFlow(decision: ForwardDecision, events: UdpFlowEvents, io: Io): UdpFlow {
  return new EpollUdpFlow(decision, events, io);
}

class EpollUdpFlow implements UdpFlow, EventHandler {
  readonly endpointKey: string;
  bytesIn = 0;
  bytesOut = 0;
  readonly #fd: number;
  readonly #place: number;
  readonly #events: UdpFlowEvents;
  readonly #io: Io;
  #active = true;
  #closed = false;

  constructor({ endpoint }: ForwardDecision, events: UdpFlowEvents, io: Io) {
    this.endpointKey = endpoint.key;
    this.#events = events;
    this.#io = io;
    this.#fd = io.sockets.connectUdp(endpoint);
    this.#place = this.#fd < 0 ? this.#fd : io.loop.add(this.#fd, EPOLL.IN, this);
    if (this.#place >= 0) events.onConnect(io.sockets.localAddress(this.#fd));
    // Whoever opens it is to have it before it hears that it is of no use.
    else setImmediate(() => this.#fail("connect", -this.#place));
  }

  takeActivity(): boolean {
    const was = this.#active;
    this.#active = false;
    return was;
  }

  send(datagram: Buffer): void {
    this.#active = true;
    this.bytesIn += datagram.length;
    if (this.#place < 0) return;
    const { sys, batch } = this.#io;
    const sent = sys.send(this.#fd, batch.addressOf(datagram), datagram.length, MSG.NOSIGNAL);
    if (sent < 0 && sent !== -ERRNO.EAGAIN) this.#fail("send", -sent);
  }

  /** An ICMP error shows either here or at the next send: both must be taken. */
  onEvents(): void {
    const { batch } = this.#io;
    const count = batch.receive(this.#fd);
    if (count < 0 && count !== -ERRNO.EAGAIN) this.#fail("recvmmsg", -count);
    for (let n = 0; n < count && !this.#closed; n++) {
      const datagram = batch.bytes(n);
      this.#active = true;
      this.bytesOut += datagram.length;
      this.#events.onReply(datagram);
    }
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    if (this.#place >= 0) this.#io.loop.remove(this.#place);
    if (this.#fd >= 0) this.#io.sys.close(this.#fd);
  }

  #fail(syscall: string, errno: number): void {
    if (!this.#closed) this.#events.onError(new SyscallError(syscall, errno));
  }
}

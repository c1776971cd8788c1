import type { Address } from "@kubehop/routing";
import { EPOLL, ERRNO, orThrow, SyscallError } from "@kubehop/syscalls";
import type { UdpListener, UdpListenerOptions } from "../udp-listener.ts";
import type { EventHandler } from "./event-loop.ts";
import type { Io } from "./io.ts";

/**
 * Binds a UDP frontend's address. Datagrams are taken many at a time, and are only there while
 * they are handled. Throws SyscallError when it cannot be bound.
 */
export function listenUdp(address: Address, options: UdpListenerOptions, io: Io): UdpListener {
  return new EpollUdpListener(address, options, io);
}

class EpollUdpListener implements UdpListener, EventHandler {
  readonly #fd: number;
  readonly #place: number;
  readonly #options: UdpListenerOptions;
  readonly #io: Io;
  #closed = false;

  constructor(address: Address, options: UdpListenerOptions, io: Io) {
    this.#options = options;
    this.#io = io;
    this.#fd = io.sockets.bindUdp(address);
    // What is left after one batch is told again.
    this.#place = io.loop.add(this.#fd, EPOLL.IN, this);
    if (this.#place >= 0) return;
    io.sys.close(this.#fd);
    orThrow(this.#place, "epoll_ctl");
  }

  onEvents(): void {
    const { batch } = this.#io;
    const count = batch.receive(this.#fd);
    if (count < 0 && count !== -ERRNO.EAGAIN) {
      this.#options.onError(new SyscallError("recvmmsg", -count));
    }
    for (let n = 0; n < count && !this.#closed; n++) {
      const { ip, port } = batch.source(n);
      this.#options.onDatagram(batch.bytes(n), { address: ip, port }, this);
    }
  }

  /** A datagram that the kernel does not take is lost, as any may be. */
  reply(datagram: Buffer, { address: ip, port }: { address: string; port: number }): void {
    if (!this.#closed) this.#io.batch.sendTo(this.#fd, datagram, { ip, port });
  }

  [Symbol.dispose](): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#io.loop.remove(this.#place);
    this.#io.sys.close(this.#fd);
  }
}

import type { Address } from "@kubehop/routing";
import { EPOLL, ERRNO, orThrow, SyscallError } from "@kubehop/syscalls";
import type { EventHandler } from "./event-loop.ts";
import type { Io } from "./io.ts";
import type { AcceptedConnection } from "./tcp-connection.ts";

/** Connections accepted at one address in one turn, before others have theirs. */
const ACCEPTS_PER_TURN = 64;
/** A process without a file left accepts again after so long. */
const PAUSE_MS = 100;

/** Errors that mean that this process, or the machine, has nothing left to accept with. */
const EXHAUSTED: readonly number[] = [ERRNO.EMFILE, ERRNO.ENFILE, ERRNO.ENOBUFS, ERRNO.ENOMEM];

/** What a listener does with connections and with failing to accept one. */
export interface TcpListenerOptions {
  onAccept(connection: AcceptedConnection): void;
  onError(error: Error): void;
  /** Lets other threads listen on the same address; the kernel spreads connections. */
  readonly shared: boolean;
}

/**
 * Listens on an address. Disposing closes the listening socket at once, so that clients are
 * refused, and leaves the accepted connections alone. Throws SyscallError when it cannot be bound.
 */
export function listenTcp(address: Address, options: TcpListenerOptions, io: Io): Disposable {
  return new TcpListener(address, options, io);
}

class TcpListener implements EventHandler, Disposable {
  readonly #fd: number;
  readonly #place: number;
  readonly #options: TcpListenerOptions;
  readonly #io: Io;
  #pause: NodeJS.Timeout | undefined;

  constructor(address: Address, options: TcpListenerOptions, io: Io) {
    this.#options = options;
    this.#io = io;
    this.#fd = io.sockets.listen(address, options.shared);
    this.#place = io.loop.add(this.#fd, EPOLL.IN, this);
    if (this.#place >= 0) return;
    io.sys.close(this.#fd);
    orThrow(this.#place, "epoll_ctl");
  }

  onEvents(): void {
    for (let n = 0; n < ACCEPTS_PER_TURN; n++) {
      const fd = this.#io.sockets.accept(this.#fd);
      if (fd === -ERRNO.EAGAIN) return;
      if (fd >= 0) this.#options.onAccept({ fd, client: this.#io.sockets.peer() });
      else if (EXHAUSTED.includes(-fd)) return this.#pauseAccepting(-fd);
      // Anything else is the end of a connection before it was accepted.
    }
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#pause);
    this.#io.loop.remove(this.#place);
    this.#io.sys.close(this.#fd);
  }

  /** Clients wait in the kernel meanwhile. */
  #pauseAccepting(errno: number): void {
    this.#options.onError(new SyscallError("accept4", errno));
    this.#io.loop.change(this.#place, this.#fd, 0);
    this.#pause = setTimeout(() => {
      this.#io.loop.change(this.#place, this.#fd, EPOLL.IN);
    }, PAUSE_MS);
  }
}

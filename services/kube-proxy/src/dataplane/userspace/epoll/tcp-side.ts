import { EPOLL, ERRNO, type Memory, MSG, SHUT_WR } from "@kubehop/syscalls";
import type { EventHandler, Resumable } from "./event-loop.ts";
import type { Io } from "./io.ts";

/** Everything that may happen to a side, told once each time it happens. */
export const SIDE_EVENTS: number = (EPOLL.IN | EPOLL.OUT | EPOLL.RDHUP | EPOLL.ET) >>> 0;
const READABLE = EPOLL.IN | EPOLL.RDHUP | EPOLL.HUP | EPOLL.ERR;
const GONE = EPOLL.RDHUP | EPOLL.HUP | EPOLL.ERR;

/** Reads of one side in one turn, before others have theirs. */
const READS_PER_TURN = 4;

/** What a side tells its connection. */
export interface SideOwner {
  /** So many bytes were read from a side. */
  onRead(side: TcpSide, bytes: number): void;
  /** A side has ended, and the other knows. */
  onEnd(): void;
  /** Both have ended, nothing is owed to either. */
  onEnds(): void;
  /** A side has failed. */
  reset(): void;
}

/**
 * One of the two sockets of a connection. Its bytes go to the other one straight from the memory
 * that all sides read into. What the other does not take is kept for it, and this one is not read
 * until that has gone: at most one read is held in each direction.
 */
export class TcpSide implements EventHandler, Resumable {
  readonly fd: number;
  readonly #place: number;
  readonly #io: Io;
  readonly #owner: SideOwner;
  /** Bytes read from this side. */
  bytes = 0;
  /** Nothing more comes from it. */
  ended = false;
  #other: TcpSide | undefined;
  /** The other end has finished, or failed: what it has sent is read up to its end. */
  #gone = false;
  #closed = false;
  /** What is owed to this side, from `#unsentFrom` on. */
  #unsent: Memory | undefined;
  #unsentFrom = 0;

  /** `place` is the descriptor's in the event loop. */
  constructor(fd: number, place: number, owner: SideOwner, io: Io) {
    this.fd = fd;
    this.#place = place;
    this.#owner = owner;
    this.#io = io;
    io.loop.replace(place, this);
  }

  /** Joins two sides; nothing moves before `resume`. */
  join(other: TcpSide): void {
    this.#other = other;
    other.#other = this;
  }

  onEvents(events: number): void {
    if ((events & GONE) !== 0) this.#gone = true;
    if ((events & EPOLL.OUT) !== 0 && this.#unsent !== undefined) this.#flush();
    if ((events & READABLE) === 0) return;
    // What still waits here cannot be read before the other takes its bytes: the reset is the news.
    if ((events & EPOLL.ERR) !== 0 && this.#other?.owed() === true) this.#owner.reset();
    else this.resume();
  }

  /** Whether bytes are kept that this side has not taken yet. */
  owed(): boolean {
    return this.#unsent !== undefined;
  }

  /** Moves what has come, until there is no more or the other side takes no more. */
  resume(): void {
    const { sys, loop, scratch } = this.#io;
    const other = this.#other;
    for (let reads = 0; reads < READS_PER_TURN; reads++) {
      if (this.#closed || this.ended || other === undefined || other.owed()) return;
      const length = sys.recv(this.fd, scratch.address, scratch.bytes.length, 0);
      if (length === 0) return this.#end(other);
      if (length < 0) return length === -ERRNO.EAGAIN ? undefined : this.#owner.reset();
      this.bytes += length;
      this.#owner.onRead(this, length);
      other.#write(scratch, length);
      // A short read has emptied it: more is another event.
      if (length < scratch.bytes.length && !this.#gone) return;
    }
    loop.later(this);
  }

  /** Closes the socket, in order or with a reset. */
  close(how: "end" | "reset"): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#unsent = undefined;
    this.#io.loop.remove(this.#place);
    if (how === "reset") this.#io.sockets.reset(this.fd);
    else this.#io.sys.close(this.fd);
  }

  #write(memory: Memory, length: number): void {
    const sent = this.#io.sys.send(this.fd, memory.address, length, MSG.NOSIGNAL);
    if (sent === length) return;
    if (sent < 0 && sent !== -ERRNO.EAGAIN) return this.#owner.reset();
    const from = Math.max(0, sent);
    const unsent = this.#io.sys.allocate(length - from);
    memory.bytes.copy(unsent.bytes, 0, from, length);
    this.#unsent = { bytes: unsent.bytes.subarray(0, length - from), address: unsent.address };
    this.#unsentFrom = 0;
  }

  #flush(): void {
    const { bytes, address } = this.#unsent ?? this.#io.scratch;
    const left = bytes.length - this.#unsentFrom;
    const sent = this.#io.sys.send(this.fd, address + this.#unsentFrom, left, MSG.NOSIGNAL);
    if (sent < 0) return sent === -ERRNO.EAGAIN ? undefined : this.#owner.reset();
    this.#unsentFrom += sent;
    if (sent < left) return;
    this.#unsent = undefined;
    this.#other?.resume();
  }

  #end(other: TcpSide): void {
    this.ended = true;
    if (other.ended) return this.#owner.onEnds();
    this.#io.sys.shutdown(other.fd, SHUT_WR);
    this.#owner.onEnd();
  }
}

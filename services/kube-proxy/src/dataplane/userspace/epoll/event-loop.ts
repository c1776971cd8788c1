import { EPOLL_CTL, ERRNO, type Memory, orThrow, type Syscalls } from "@kubehop/syscalls";

/** What is told of a descriptor's events, EPOLL's bits. */
export interface EventHandler {
  onEvents(events: number): void;
}

/** Work that goes on in a later turn, so that others have theirs. */
export interface Resumable {
  resume(): void;
}

/** Events taken in one turn; further ones come in the next. */
const MAX_EVENTS = 512;
/** A turn ends after so long, for Node's other work. */
const TURN_MS = 2;
/** Events are taken to follow each other when they are not further apart; epoll counts in ms. */
const PATIENCE_MS = 1;
const NO_HANDLER: EventHandler = { onEvents: () => {} };

/**
 * An epoll descriptor inside Node's own event loop: when something has happened to a descriptor of
 * ours, a turn handles all of it. Timers, messages and signals have their turns as ever. A place
 * that was given up and taken again is another one to the kernel's older events: each carries the
 * number of its use.
 */
export class EventLoop implements Disposable {
  readonly #sys: Syscalls;
  readonly #epoll: number;
  readonly #watch: Disposable;
  readonly #memory: Memory;
  readonly #words: Uint32Array;
  readonly #handlers: EventHandler[] = [];
  /** How often each place was given up. */
  readonly #uses: number[] = [];
  readonly #free: number[] = [];
  readonly #turn = (): void => this.#onTurn();
  #resumables: Resumable[] = [];
  /** When something has happened last. */
  #activeAt = Number.NEGATIVE_INFINITY;
  #scheduled: NodeJS.Immediate | undefined;

  /** Throws SyscallError when the kernel gives no descriptor. */
  constructor(sys: Syscalls) {
    const words = (MAX_EVENTS + 1) * sys.epollLayout.words;
    this.#sys = sys;
    this.#epoll = orThrow(sys.epollCreate(), "epoll_create1");
    this.#memory = sys.allocate(words * Uint32Array.BYTES_PER_ELEMENT);
    const { buffer, byteOffset } = this.#memory.bytes;
    this.#words = new Uint32Array(buffer, byteOffset, words);
    // What is called straight from libuv has no end of its own for promises: a turn begins anew.
    this.#watch = sys.watch(this.#epoll, () => this.#schedule());
  }

  /** Has a handler told of a descriptor's events. Gives its place, or a negative errno. */
  add(fd: number, events: number, handler: EventHandler = NO_HANDLER): number {
    const place = this.#free.pop() ?? this.#handlers.push(NO_HANDLER) - 1;
    this.#handlers[place] = handler;
    this.#uses[place] ??= 0;
    const result = this.#control(EPOLL_CTL.ADD, fd, place, events);
    if (result >= 0) return place;
    this.remove(place);
    return result;
  }

  /** Changes which events of a descriptor are told. Throws SyscallError. */
  change(place: number, fd: number, events: number): void {
    orThrow(this.#control(EPOLL_CTL.MOD, fd, place, events), "epoll_ctl");
  }

  /** Has another handler told of a place's events from now on. */
  replace(place: number, handler: EventHandler): void {
    this.#handlers[place] = handler;
  }

  /** Gives a place up. The descriptor is to be closed at once: that ends the kernel's part. */
  remove(place: number): void {
    this.#handlers[place] = NO_HANDLER;
    this.#uses[place] = ((this.#uses[place] ?? 0) + 1) >>> 0;
    this.#free.push(place);
  }

  /** Lets something go on in the next turn. */
  later(resumable: Resumable): void {
    this.#resumables.push(resumable);
    this.#schedule();
  }

  /** Handles what has happened so far; it comes by itself when something has. */
  takeTurn(): void {
    this.#handle(0);
  }

  [Symbol.dispose](): void {
    this.#watch[Symbol.dispose]();
    clearImmediate(this.#scheduled);
    this.#resumables = [];
    this.#sys.close(this.#epoll);
  }

  #control(operation: number, fd: number, place: number, events: number): number {
    const { words, data } = this.#sys.epollLayout;
    // Behind those of the turn, which may be under way.
    const at = MAX_EVENTS * words;
    this.#words[at] = events;
    this.#words[at + data] = place;
    this.#words[at + data + 1] = this.#uses[place] ?? 0;
    const address = this.#memory.address + at * Uint32Array.BYTES_PER_ELEMENT;
    return this.#sys.epollCtl(this.#epoll, operation, fd, address);
  }

  /**
   * While events follow close on each other, the next one is waited for right here: the way back
   * through Node's loop costs more than what is done for an event. Node's own work has its turn
   * when none comes, and after TURN_MS in any case.
   */
  #onTurn(): void {
    this.#scheduled = undefined;
    const startedAt = performance.now();
    let now = startedAt;
    const patience = startedAt - this.#activeAt < 2 * PATIENCE_MS ? PATIENCE_MS : 0;
    let happened = this.#handle(0);
    while (happened || this.#resumables.length > 0) {
      this.#activeAt = now;
      if (now - startedAt >= TURN_MS) return this.#schedule();
      happened = this.#handle(this.#resumables.length > 0 ? 0 : patience);
      now = performance.now();
    }
  }

  /** True when something has happened within the time. */
  #handle(timeoutMs: number): boolean {
    const resumables = this.#resumables;
    this.#resumables = [];
    const { address } = this.#memory;
    const count = this.#sys.epollWait(this.#epoll, address, MAX_EVENTS, timeoutMs);
    if (count < 0 && count !== -ERRNO.EINTR) orThrow(count, "epoll_wait");
    this.#dispatch(count);
    for (const resumable of resumables) resumable.resume();
    return count > 0;
  }

  #schedule(): void {
    this.#scheduled ??= setImmediate(this.#turn);
  }

  #dispatch(count: number): void {
    const { words, data } = this.#sys.epollLayout;
    const events = this.#words;
    for (let n = 0; n < count; n++) {
      const at = n * words;
      const place = events[at + data] ?? 0;
      if (this.#uses[place] !== events[at + data + 1]) continue;
      this.#handlers[place]?.onEvents(events[at] ?? 0);
    }
  }
}

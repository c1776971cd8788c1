import type { Address } from "@kubehop/routing";
import { EPOLL } from "@kubehop/syscalls";
import type { Connecting, DialAttempt } from "../dial.ts";
import type { EventHandler } from "./event-loop.ts";
import type { Io } from "./io.ts";
import { SIDE_EVENTS } from "./tcp-side.ts";

const DECIDED = EPOLL.OUT | EPOLL.ERR | EPOLL.HUP;

/** A socket that is being connected to an endpoint. Whoever has seen it succeed owns what it was. */
export class EndpointSocket implements Connecting, EventHandler {
  readonly fd: number;
  /** Of the descriptor, in the event loop. */
  readonly place: number;
  /** What has been told of it so far: it may hold bytes already, and their end. */
  events = 0;
  readonly #attempt: DialAttempt;
  readonly #io: Io;
  #failing: NodeJS.Immediate | undefined;
  #aborted = false;

  constructor(address: Address, attempt: DialAttempt, io: Io) {
    this.#attempt = attempt;
    this.#io = io;
    this.fd = io.sockets.connect(address);
    this.place = this.fd < 0 ? this.fd : io.loop.add(this.fd, SIDE_EVENTS, this);
    // No route, or no descriptor left: told later, as every other end.
    if (this.place < 0) this.#failing = setImmediate(() => attempt.fail());
  }

  onEvents(events: number): void {
    this.events |= events;
    if ((events & DECIDED) === 0) return;
    if (this.#io.sockets.takeError(this.fd) === 0) this.#attempt.succeed();
    else this.#attempt.fail();
  }

  abort(): void {
    if (this.#aborted) return;
    this.#aborted = true;
    clearImmediate(this.#failing);
    if (this.place >= 0) this.#io.loop.remove(this.place);
    if (this.fd >= 0) this.#io.sys.close(this.fd);
  }
}

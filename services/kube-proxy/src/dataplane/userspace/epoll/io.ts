import type { Memory, MessageBatch, Syscalls } from "@kubehop/syscalls";
import type { EventLoop } from "./event-loop.ts";
import type { Sockets } from "./sockets.ts";

/** What all sockets of an engine share. */
export interface Io {
  readonly sys: Syscalls;
  readonly loop: EventLoop;
  readonly sockets: Sockets;
  /** Every read lands here; what is not sent on at once is copied. */
  readonly scratch: Memory;
  /** Every datagram is here while it is handled. */
  readonly batch: MessageBatch;
}

import type { SocketOption } from "./constants.ts";
import type { EpollLayout } from "./epoll-events.ts";
import type { Memory } from "./memory.ts";

/**
 * System calls, made in this thread at once. Results are the kernel's: 0 or more, or a negative
 * errno. Addresses are numbers out of `Memory`; whoever gives one sees to its length: the kernel
 * writes wherever it is told to.
 */
export interface Syscalls {
  allocate(bytes: number): Memory;
  /** How this processor lays out epoll's events. */
  readonly epollLayout: EpollLayout;
  /** `protocol` is the usual one of the family and type when absent. */
  socket(family: number, type: number, protocol?: number): number;
  bind(fd: number, address: number, length: number): number;
  listen(fd: number, backlog: number): number;
  /** `address` has room for a sockaddr, `length` for its length, which is set before. */
  accept4(fd: number, address: number, length: number, flags: number): number;
  connect(fd: number, address: number, length: number): number;
  getsockname(fd: number, address: number, length: number): number;
  setsockopt(fd: number, option: SocketOption, value: number, length: number): number;
  getsockopt(fd: number, option: SocketOption, value: number, length: number): number;
  recv(fd: number, buffer: number, length: number, flags: number): number;
  send(fd: number, buffer: number, length: number, flags: number): number;
  /** Without flags; `to` tells where the sockaddr lies. */
  sendto(
    fd: number,
    buffer: number,
    length: number,
    to: { readonly address: number; readonly length: number },
  ): number;
  /** `vector` is of struct mmsghdr; gives how many messages came. */
  recvmmsg(fd: number, vector: number, count: number, flags: number): number;
  shutdown(fd: number, how: number): number;
  close(fd: number): number;
  epollCreate(): number;
  /** `event` is a struct epoll_event. */
  epollCtl(epoll: number, operation: number, fd: number, event: number): number;
  epollWait(epoll: number, events: number, maxEvents: number, timeoutMs: number): number;
  /** Calls back from Node's own loop while a descriptor is readable; any kind epoll can watch. */
  watch(fd: number, onReadable: () => void): Disposable;
}

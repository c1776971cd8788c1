export {
  AF,
  EPOLL,
  EPOLL_CTL,
  MSG,
  OPTION,
  SHUT_WR,
  SOCK,
  type SocketOption,
} from "./constants.ts";
export type { EpollLayout } from "./epoll-events.ts";
export { ERRNO, errnoName, orThrow, SyscallError } from "./errno.ts";
export { loadSyscalls, SyscallsUnavailableError } from "./load.ts";
export type { Memory } from "./memory.ts";
export { createMessageBatch, type MessageBatch } from "./message-batch.ts";
export {
  familyOf,
  formatIpv4,
  readSocketAddress,
  SOCKADDR_BYTES,
  writeIp,
  writeSocketAddress,
} from "./socket-address.ts";
export type { Syscalls } from "./syscalls.ts";

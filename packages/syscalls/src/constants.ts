/**
 * Numbers of Linux' system call interface, the same on x86-64 and arm64 (include/uapi). Errors are
 * in errno.ts.
 */
export const AF = { INET: 2, INET6: 10, NETLINK: 16 } as const;

/** Kinds of sockets, and the flags that socket and accept4 take with them. */
export const SOCK = { STREAM: 1, DGRAM: 2, RAW: 3, NONBLOCK: 0o4000, CLOEXEC: 0o2000000 } as const;

/** A socket option, by the protocol it belongs to and its number there. */
export interface SocketOption {
  readonly level: number;
  readonly name: number;
}

type OptionName =
  | "REUSEADDR"
  | "ERROR"
  | "RCVBUF"
  | "KEEPALIVE"
  | "LINGER"
  | "REUSEPORT"
  | "TCP_NODELAY"
  | "TCP_KEEPIDLE"
  | "TCP_KEEPINTVL"
  | "TCP_KEEPCNT"
  | "IPV6_V6ONLY";

const [SOL_SOCKET, SOL_TCP, SOL_IPV6] = [1, 6, 41] as const;

/** Options of sockets. Each is an int, but LINGER: two of them, whether and how many seconds. */
export const OPTION: Readonly<Record<OptionName, SocketOption>> = {
  REUSEADDR: { level: SOL_SOCKET, name: 2 },
  ERROR: { level: SOL_SOCKET, name: 4 },
  RCVBUF: { level: SOL_SOCKET, name: 8 },
  KEEPALIVE: { level: SOL_SOCKET, name: 9 },
  LINGER: { level: SOL_SOCKET, name: 13 },
  REUSEPORT: { level: SOL_SOCKET, name: 15 },
  TCP_NODELAY: { level: SOL_TCP, name: 1 },
  TCP_KEEPIDLE: { level: SOL_TCP, name: 4 },
  TCP_KEEPINTVL: { level: SOL_TCP, name: 5 },
  TCP_KEEPCNT: { level: SOL_TCP, name: 6 },
  IPV6_V6ONLY: { level: SOL_IPV6, name: 26 },
};

/** Flags of send and recv. */
export const MSG = { DONTWAIT: 0x40, NOSIGNAL: 0x4000 } as const;

/** What epoll is asked to tell, and tells. */
export const EPOLL = {
  IN: 0x1,
  OUT: 0x4,
  ERR: 0x8,
  HUP: 0x10,
  RDHUP: 0x2000,
  ET: 0x80000000,
} as const;

/** Operations of epoll_ctl. */
export const EPOLL_CTL = { ADD: 1, DEL: 2, MOD: 3 } as const;

/** Half of a connection that `shutdown` ends: no more is sent. */
export const SHUT_WR = 1;

/**
 * How struct epoll_event lies in memory, in words of 32 bits: events, then 64 bits of the caller's.
 * On x86-64 it is packed (include/uapi/linux/eventpoll.h), elsewhere those 64 bits are aligned.
 */
export interface EpollLayout {
  readonly words: number;
  readonly data: number;
}

/** The layout on a processor as `process.arch` calls it. */
export function epollLayout(arch: string): EpollLayout {
  return arch === "x64" ? { words: 3, data: 1 } : { words: 4, data: 2 };
}

import type koffi from "koffi";
import { epollLayout } from "./epoll-events.ts";
import { allocate } from "./memory.ts";
import type { Syscalls } from "./syscalls.ts";

type Koffi = typeof koffi;

type Call = (...given: number[]) => number;

/** Types of C on a 64-bit machine: WORD is a pointer, a size_t or a ssize_t. */
const [INT, WORD] = ["int", "int64_t"];

const EPOLL_CLOEXEC = 0o2000000;

/**
 * Binds the C library's functions. errno is read before anything else can change it, and given
 * negative. A prototype that is not the C library's own would crash the process.
 */
export function bindSyscalls(module: Koffi): Syscalls {
  const libc = module.load(null);
  const bind = (name: string, result: string, ...parameters: readonly string[]): Call =>
    libc.func(name, result, [...parameters]) as Call;
  const settle = (result: number): number => (result < 0 ? -module.errno() : result);
  return {
    ...bindSockets(bind, settle),
    ...bindTransfers(bind, settle),
    ...bindEpoll(bind, settle),
    allocate: (bytes) => allocate(bytes, module.address),
    watch(fd, onReadable) {
      const handle = module.node.poll(fd, { readable: true }, onReadable);
      return { [Symbol.dispose]: () => handle.close() };
    },
  };
}

type Bind = (name: string, result: string, ...parameters: readonly string[]) => Call;
type Settle = (result: number) => number;

function bindSockets(
  bind: Bind,
  settle: Settle,
): Pick<
  Syscalls,
  "socket" | "bind" | "listen" | "accept4" | "connect" | "getsockname" | "setsockopt" | "getsockopt"
> {
  const socket = bind("socket", INT, INT, INT, INT);
  const bindTo = bind("bind", INT, INT, WORD, INT);
  const listen = bind("listen", INT, INT, INT);
  const accept4 = bind("accept4", INT, INT, WORD, WORD, INT);
  const connect = bind("connect", INT, INT, WORD, INT);
  const getsockname = bind("getsockname", INT, INT, WORD, WORD);
  const setsockopt = bind("setsockopt", INT, INT, INT, INT, WORD, INT);
  const getsockopt = bind("getsockopt", INT, INT, INT, INT, WORD, WORD);
  return {
    socket: (family, type, protocol = 0) => settle(socket(family, type, protocol)),
    bind: (fd, address, length) => settle(bindTo(fd, address, length)),
    listen: (fd, backlog) => settle(listen(fd, backlog)),
    accept4: (fd, address, length, flags) => settle(accept4(fd, address, length, flags)),
    connect: (fd, address, length) => settle(connect(fd, address, length)),
    getsockname: (fd, address, length) => settle(getsockname(fd, address, length)),
    setsockopt: (fd, { level, name }, value, length) =>
      settle(setsockopt(fd, level, name, value, length)),
    getsockopt: (fd, { level, name }, value, length) =>
      settle(getsockopt(fd, level, name, value, length)),
  };
}

function bindTransfers(
  bind: Bind,
  settle: Settle,
): Pick<Syscalls, "recv" | "send" | "sendto" | "recvmmsg" | "shutdown" | "close"> {
  // ssize_t, cut to an int: no buffer here has 2 GiB, and its way into JavaScript is the shorter one.
  const recv = bind("recv", INT, INT, WORD, WORD, INT);
  const send = bind("send", INT, INT, WORD, WORD, INT);
  const sendto = bind("sendto", WORD, INT, WORD, WORD, INT, WORD, INT);
  const recvmmsg = bind("recvmmsg", INT, INT, WORD, INT, INT, WORD);
  const shutdown = bind("shutdown", INT, INT, INT);
  const close = bind("close", INT, INT);
  return {
    recv: (fd, buffer, length, flags) => settle(recv(fd, buffer, length, flags)),
    send: (fd, buffer, length, flags) => settle(send(fd, buffer, length, flags)),
    sendto: (fd, buffer, length, to) =>
      settle(sendto(fd, buffer, length, 0, to.address, to.length)),
    recvmmsg: (fd, vector, count, flags) => settle(recvmmsg(fd, vector, count, flags, 0)),
    shutdown: (fd, how) => settle(shutdown(fd, how)),
    close: (fd) => settle(close(fd)),
  };
}

function bindEpoll(
  bind: Bind,
  settle: Settle,
): Pick<Syscalls, "epollCreate" | "epollCtl" | "epollWait" | "epollLayout"> {
  const create = bind("epoll_create1", INT, INT);
  const control = bind("epoll_ctl", INT, INT, INT, INT, WORD);
  const wait = bind("epoll_wait", INT, INT, WORD, INT, INT);
  return {
    epollLayout: epollLayout(process.arch),
    epollCreate: () => settle(create(EPOLL_CLOEXEC)),
    epollCtl: (epoll, operation, fd, event) => settle(control(epoll, operation, fd, event)),
    epollWait: (epoll, events, maxEvents, timeoutMs) =>
      settle(wait(epoll, events, maxEvents, timeoutMs)),
  };
}

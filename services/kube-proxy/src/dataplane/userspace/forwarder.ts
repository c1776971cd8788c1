import type { Logger } from "@kubehop/kit";
import { loadSyscalls, type Syscalls } from "@kubehop/syscalls";
import { createEpollEngine } from "./epoll/index.ts";

/**
 * Gives the system calls that `--forwarder` asks for; undefined where Node's own sockets forward.
 * With `epoll` a machine that has none of them is warned of, with `auto` it is taken as it is.
 */
export async function loadForwarder(wanted: string, logger: Logger): Promise<Syscalls | undefined> {
  if (wanted === "node") return undefined;
  try {
    const syscalls = await loadSyscalls();
    // What only shows when it is used: the kernel's descriptors, and Node's loop watching them.
    createEpollEngine(syscalls)[Symbol.dispose]();
    return syscalls;
  } catch (error) {
    const { message: cause } = error as Error;
    const level = wanted === "auto" ? "info" : "warn";
    logger[level]({ cause }, "Node's own sockets forward; --forwarder=node asks for just that");
    return undefined;
  }
}

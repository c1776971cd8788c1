import { createMessageBatch, type Syscalls } from "@kubehop/syscalls";
import type { ForwarderEngine } from "../engine.ts";
import { createAcceptWarning } from "./accept-warning.ts";
import { EventLoop } from "./event-loop.ts";
import type { Io } from "./io.ts";
import { Sockets } from "./sockets.ts";
import { forwardConnection } from "./tcp-connection.ts";
import { listenTcp } from "./tcp-listener.ts";
import { openUdpFlow } from "./udp-flow.ts";
import { listenUdp } from "./udp-listener.ts";

/** Bytes that a read may bring at most. */
const SCRATCH_BYTES = 256 * 1024;
/** Datagrams taken at a time. */
const DATAGRAMS = 16;

/**
 * The engine that makes the system calls itself, on an epoll descriptor in Node's event loop. It
 * spares what Node makes of each socket and each read: a new connection costs half as much.
 */
export function createEpollEngine(sys: Syscalls): ForwarderEngine {
  const loop = new EventLoop(sys);
  const io: Io = {
    sys,
    loop,
    sockets: new Sockets(sys),
    scratch: sys.allocate(SCRATCH_BYTES),
    batch: createMessageBatch(sys, DATAGRAMS),
  };
  return {
    acceptWaiting: () => loop.takeTurn(),
    async serveTcp(current, context) {
      const { ip, port, key } = current();
      return listenTcp(
        { ip, port },
        {
          onAccept: (connection) => forwardConnection(connection, current(), context, io),
          onError: createAcceptWarning(key, context),
          shared: context.settings.workers > 1,
        },
        io,
      );
    },
    listenUdp: async (address, options) => listenUdp(address, options, io),
    openUdpFlow: (decision, events) => openUdpFlow(decision, events, io),
    [Symbol.dispose]: () => loop[Symbol.dispose](),
  };
}

import type { ForwarderEngine } from "./engine.ts";
import { createReadBuffers } from "./read-buffers.ts";
import { forwardConnection } from "./tcp-connection.ts";
import { listenTcp } from "./tcp-listener.ts";
import { createTcpPump } from "./tcp-pump.ts";
import { openUdpFlow } from "./udp-flow.ts";
import { listenUdp } from "./udp-listener.ts";

/** The engine that forwards with the sockets of node:net and node:dgram: it runs everywhere. */
export function createSocketEngine(): ForwarderEngine {
  const buffers = createReadBuffers();
  return {
    // Node accepts as soon as it learns of them.
    acceptWaiting: () => {},
    serveTcp(current, context) {
      const { settings, logger, countIn } = context;
      const { ip, port, key } = current();
      const socketContext = { ...context, buffers };
      return listenTcp(
        { ip, port },
        {
          createPump: () => createTcpPump(buffers, countIn),
          onAccept: (connection) => forwardConnection(connection, current(), socketContext),
          onError: (err) => logger.warn({ frontend: key, err }, "accept failed"),
          portable: settings.portableAccept,
          shared: settings.workers > 1,
        },
      );
    },
    listenUdp,
    openUdpFlow,
    [Symbol.dispose]: () => {},
  };
}

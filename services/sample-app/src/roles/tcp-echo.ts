import { createServer } from "node:net";
import type { Server, Socket } from "node:net";
import { createLogger, logFlags } from "../log.ts";
import { hostPort } from "../pod-identity.ts";
import { defineRole } from "../role.ts";
import type { Role } from "../role.ts";
import { aborted, listen } from "../serving.ts";

const IDLE_LIMIT_MS = 600_000;
const MAX_CONNECTIONS = 10_000;

/** Sends back every byte. */
export const tcpEcho: Role = defineRole({
  name: "tcp-echo",
  summary: "Sends every byte of a TCP connection back.",
  flags: {
    host: { type: "string", default: "", description: "address to bind; empty: all" },
    port: { type: "integer", default: 7, minimum: 0, maximum: 65535, description: "port; 0: any" },
    ...logFlags,
  },
  run: async ({ signal }, flags) => {
    const logger = createLogger("tcp-echo", flags["log-level"]);
    const open = new Set<Socket>();
    const server = createEchoServer(open, (from) => logger.info({ from }, "connection"));
    const { address, port } = await listen(server, flags.host, flags.port);
    logger.info({ address, port }, "listening");
    await aborted(signal);
    server.close();
    for (const socket of open) socket.end();
    return 0;
  },
});

/** `allowHalfOpen`: a client that ends its side still gets the rest back. */
function createEchoServer(open: Set<Socket>, onConnection: (from: string) => void): Server {
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    onConnection(hostPort(socket.remoteAddress, socket.remotePort));
    open.add(socket);
    socket.setTimeout(IDLE_LIMIT_MS, () => socket.destroy());
    socket.on("error", () => socket.destroy());
    socket.on("close", () => open.delete(socket));
    socket.pipe(socket);
  });
  server.maxConnections = MAX_CONNECTIONS;
  return server;
}

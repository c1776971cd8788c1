import { createServer as createHttpServer } from "node:http";
import { createServer as createTcpServer } from "node:net";
import type { Server } from "node:net";
import type { Socket as UdpSocket } from "node:dgram";
import { podIdentity } from "../pod-identity.ts";
import { UsageError } from "../flags.ts";
import { defineRole } from "../role.ts";
import type { Role } from "../role.ts";
import { aborted, listen } from "../serving.ts";
import { bindUdp } from "../udp.ts";

/** `agnhost serve-hostname`: answers every request, connection or datagram with the pod's name. */
export const serveHostname: Role = defineRole({
  name: "agnhost serve-hostname",
  summary: "Answers with the host name over HTTP, TCP or UDP.",
  flags: {
    host: { type: "string", default: "", description: "address to bind; empty: all" },
    port: {
      type: "integer",
      default: 9376,
      minimum: 0,
      maximum: 65535,
      description: "port; 0: any",
    },
    http: { type: "boolean", default: true, description: "serve HTTP" },
    tcp: { type: "boolean", default: false, description: "serve bare TCP instead of HTTP" },
    udp: { type: "boolean", default: false, description: "serve UDP as well" },
    close: {
      type: "boolean",
      default: false,
      description: "accepted for compatibility: HTTP answers close their connection if set",
    },
  },
  run: async ({ env, signal, stdout }, flags) => {
    const { pod } = podIdentity(env);
    const server = streamServer(pod, flags);
    if (!server && !flags.udp) throw new UsageError("need --http, --tcp or --udp");
    const at = server ? await listen(server, flags.host, flags.port) : flags;
    const udp = flags.udp ? await serveUdp(pod, flags.host, at.port) : undefined;
    stdout(`Serving on port ${udp?.address().port ?? at.port}.\n`);
    await aborted(signal);
    server?.close();
    udp?.close();
    return 0;
  },
});

function streamServer(
  pod: string,
  { http, tcp, close }: { http: boolean; tcp: boolean; close: boolean },
): Server | undefined {
  if (tcp) {
    return createTcpServer((socket) => {
      socket.on("error", () => socket.destroy());
      socket.end(`${pod}\n`);
    });
  }
  if (!http) return undefined;
  return createHttpServer((request, response) => {
    request.resume();
    if (close) response.setHeader("connection", "close");
    response.end(pod);
  });
}

async function serveUdp(pod: string, host: string, port: number): Promise<UdpSocket> {
  const socket = await bindUdp(host, port);
  socket.on("error", () => {});
  socket.on("message", (_, peer) => socket.send(`${pod}\n`, peer.port, peer.address));
  return socket;
}

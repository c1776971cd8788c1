import { createLogger, logFlags } from "../log.ts";
import { hostPort, podIdentity } from "../pod-identity.ts";
import { defineRole } from "../role.ts";
import type { Role } from "../role.ts";
import { aborted } from "../serving.ts";
import { bindUdp } from "../udp.ts";

/** Sends back every datagram. */
export const udpEcho: Role = defineRole({
  name: "udp-echo",
  summary: 'Sends every UDP datagram back; the datagram "hostname" is answered with the pod name.',
  flags: {
    host: { type: "string", default: "", description: "address to bind; empty: all" },
    port: { type: "integer", default: 7, minimum: 0, maximum: 65535, description: "port; 0: any" },
    ...logFlags,
  },
  run: async ({ env, signal }, flags) => {
    const logger = createLogger("udp-echo", flags["log-level"]);
    const { pod } = podIdentity(env);
    const socket = await bindUdp(flags.host, flags.port);
    socket.on("error", (error) => logger.warn({ error: error.message }, "datagram not sent"));
    socket.on("message", (data, peer) => {
      logger.info({ from: hostPort(peer.address, peer.port), bytes: data.length }, "datagram");
      const answer = data.toString().trim() === "hostname" ? `${pod}\n` : data;
      socket.send(answer, peer.port, peer.address);
    });
    const { address, port } = socket.address();
    logger.info({ address, port }, "listening");
    await aborted(signal);
    socket.close();
    return 0;
  },
});

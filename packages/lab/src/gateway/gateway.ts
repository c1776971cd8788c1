import { once } from "node:events";
import { readFile } from "node:fs/promises";
import type { PeerCertificate, TLSSocket } from "node:tls";
import { createServer } from "node:tls";
import type { Kit, RunningService } from "@kubehop/kit";
import { serveDial } from "@kubehop/tunnel";
import type { Config } from "./config.ts";

/** Members may do everything in the cluster; so may who comes through here. */
const ADMINISTRATORS = "system:masters";
const HANDSHAKE_TIMEOUT_MS = 10_000;

/**
 * Builds the gateway: it stands in a node's network and connects, for administrators of the
 * cluster alone, to whatever that node reaches. A connection to a ClusterIP so passes the node's
 * kube-proxy. Each TLS connection is one tunnel (packages/tunnel).
 */
export async function build(config: Config, { logger }: Kit): Promise<RunningService> {
  const [cert, key, ca] = await Promise.all(
    [config.tlsCertFile, config.tlsPrivateKeyFile, config.clientCaFile].map((file) =>
      readFile(file, "utf8"),
    ),
  );
  const sockets = new Set<TLSSocket>();
  const server = createServer({
    cert,
    key,
    ca,
    requestCert: true,
    rejectUnauthorized: true,
    minVersion: "TLSv1.2",
    handshakeTimeout: HANDSHAKE_TIMEOUT_MS,
  });
  server.on("secureConnection", (socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
    socket.setNoDelay(true);
    if (isAdministrator(socket.getPeerCertificate())) return serveDial(socket);
    logger.warn({ subject: socket.getPeerCertificate().subject }, "client is no administrator");
    socket.destroy();
  });
  server.on("tlsClientError", (error) => logger.debug({ error: error.message }, "no handshake"));
  server.listen({ fd: config.listenFd });
  await once(server, "listening");
  logger.info({ fd: config.listenFd }, "listening");
  return {
    ready: () => server.listening,
    async [Symbol.asyncDispose]() {
      const closed = once(server, "close");
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

function isAdministrator({ subject }: PeerCertificate): boolean {
  const organizations: string | readonly string[] | undefined = subject?.O;
  return [organizations ?? []].flat().includes(ADMINISTRATORS);
}

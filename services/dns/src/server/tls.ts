import type { Server, Socket } from "node:net";
import { createServer, type SecureContextOptions, type TLSSocket } from "node:tls";

/** What is asked of clients' certificates (Go's tls.ClientAuthType, in CoreDNS' words). */
export type ClientAuth =
  | "nocert"
  | "request"
  | "require"
  | "verify_if_given"
  | "require_and_verify";

/** Certificate, key and the CA of clients, of DNS over TLS (RFC 7858). */
export interface TlsSettings extends Pick<SecureContextOptions, "cert" | "key" | "ca"> {
  readonly clientAuth: ClientAuth;
}

/** How a TLS server treats connections. */
export interface TlsServerOptions {
  readonly handshakeMs: number;
  readonly onConnection: (socket: Socket) => void;
}

/** Creates a server; `settings` is asked for each connection: a reload may bring a new certificate. */
export function createTlsServer(
  settings: () => TlsSettings,
  { handshakeMs, onConnection }: TlsServerOptions,
): Server {
  let current = settings();
  const { clientAuth } = current;
  const server = createServer(
    {
      ...secureContext(current),
      noDelay: true,
      handshakeTimeout: handshakeMs,
      requestCert: clientAuth !== "nocert",
      rejectUnauthorized: clientAuth === "require_and_verify",
    },
    (socket) => {
      if (isWelcome(socket, clientAuth)) onConnection(socket);
      else socket.destroy();
    },
  );
  server.prependListener("connection", () => {
    if (current === settings()) return;
    current = settings();
    server.setSecureContext(secureContext(current));
  });
  // A client that fails its handshake is its own affair; Node closes the socket.
  return server.on("tlsClientError", (_error, socket) => socket.destroy());
}

function secureContext({ cert, key, ca }: TlsSettings): SecureContextOptions {
  return { cert, key, ca, minVersion: "TLSv1.2" };
}

function isWelcome(socket: TLSSocket, clientAuth: ClientAuth): boolean {
  const given = Object.keys(socket.getPeerCertificate()).length > 0;
  if (clientAuth === "require") return given;
  return clientAuth !== "verify_if_given" || !given || socket.authorized;
}

import { createServer, type ListenOptions, type Server } from "node:net";
import type { Address } from "@kubehop/routing";
import { acceptPortably, type AcceptOptions, acceptWithOnread, KEEP_ALIVE_MS } from "./accept.ts";

/** Connections the kernel completes while the process is busy (cut to net.core.somaxconn). */
const BACKLOG = 4_096;

/** What a listener does with connections and with failing to accept one. */
export interface TcpListenerOptions extends AcceptOptions {
  onError(error: Error): void;
  /** Accepts by public Node means alone. */
  readonly portable?: boolean;
  /** Lets other threads listen on the same address; the kernel spreads connections. */
  readonly shared?: boolean;
}

/**
 * Listens on an address. Disposing closes the listening socket at once, so that clients are
 * refused, and leaves the accepted connections alone. Rejects when it cannot be bound.
 */
export async function listenTcp(
  { ip, port }: Address,
  options: TcpListenerOptions,
): Promise<Disposable & { readonly port: number }> {
  const server = createServer({
    allowHalfOpen: true,
    pauseOnConnect: true,
    noDelay: true,
    keepAlive: true,
    keepAliveInitialDelay: KEEP_ALIVE_MS,
  });
  const shared = options.shared ?? false;
  await listen(server, {
    host: ip,
    port,
    backlog: BACKLOG,
    exclusive: true,
    ipv6Only: true,
    reusePort: shared,
  });
  server.on("error", options.onError);
  if (options.portable === true || !acceptWithOnread(server, options)) {
    acceptPortably(server, options);
  }
  const bound = server.address();
  return {
    port: typeof bound === "object" && bound !== null ? bound.port : port,
    [Symbol.dispose]: () => void server.close(),
  };
}

function listen(server: Server, address: ListenOptions): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once("error", reject);
  server.listen(address, () => {
    server.off("error", reject);
    resolve();
  });
  return promise;
}

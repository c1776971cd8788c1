import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";

/** A way to a server on which its answers take longer. */
export interface SlowLink extends AsyncDisposable {
  /** The given URL with the link's own port. */
  readonly url: string;
}

/** Opens a link to `url` that holds back each byte of the server for `delayMs`. */
export async function openSlowLink(url: string, delayMs: number): Promise<SlowLink> {
  const { port, hostname } = new URL(url);
  const sockets = new Set<Socket>();
  const keep = (socket: Socket): void => {
    sockets.add(socket);
    socket.on("error", () => socket.destroy());
    socket.once("close", () => sockets.delete(socket));
  };
  const server = createServer((client) => {
    const upstream = connect(Number(port), hostname);
    keep(client);
    keep(upstream);
    client.pipe(upstream);
    upstream.on("data", (data) => setTimeout(() => client.write(data), delayMs));
    upstream.once("close", () => client.destroy());
    client.once("close", () => upstream.destroy());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port: own } = server.address() as AddressInfo;
  return {
    url: url.replace(port, String(own)),
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}

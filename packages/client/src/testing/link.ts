import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";

/** A TCP link to a server that can fail in ways a server itself does not. */
export interface Link extends AsyncDisposable {
  /** The server's URL through the link. */
  readonly url: string;
  /** From now on nothing comes back over the connections that are open. */
  mute(): void;
  /** Breaks every connection and takes no new one. */
  cut(): void;
  /** Takes connections again. */
  mend(): void;
}

/** Opens a link on a free port of 127.0.0.1 to a server's URL. */
export async function openLink(url: string): Promise<Link> {
  const { hostname, port, protocol } = new URL(url);
  const sockets = new Set<Socket>();
  const backs = new Set<Socket>();
  let isCut = false;
  const server = createServer((near) => {
    if (isCut) {
      near.destroy();
      return;
    }
    const far = connect(Number(port), hostname);
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.once("close", () => {
        near.destroy();
        far.destroy();
        sockets.delete(socket);
        backs.delete(socket);
      });
      socket.on("error", () => {});
    }
    backs.add(far);
    near.pipe(far);
    far.pipe(near);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const bound = typeof address === "object" && address !== null ? address.port : 0;
  const breakAll = (): void => sockets.forEach((socket) => socket.destroy());
  return {
    url: `${protocol}//127.0.0.1:${bound}`,
    mute() {
      for (const far of backs) {
        far.unpipe();
        far.resume();
      }
    },
    cut() {
      isCut = true;
      breakAll();
    },
    mend() {
      isCut = false;
    },
    async [Symbol.asyncDispose]() {
      breakAll();
      server.close();
      await once(server, "close");
    },
  };
}

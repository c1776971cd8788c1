import { once } from "node:events";
import { mkdirSync, rmSync } from "node:fs";
import { createServer, type Socket } from "node:net";
import { join } from "node:path";
import { serveDial } from "@kubehop/tunnel";
import { LabError } from "../lab-error.ts";
import { UPLINK_SOCKET } from "./uplink-socket.ts";

/** The longest path of a unix socket. */
const MOST_PATH_BYTES = 107;

/**
 * Serves a unix socket in a folder: whoever connects to it is connected to what it asks for from
 * here, outside the sandbox. A pod reaches it only when the folder is mounted into it. Throws
 * LabError when the socket cannot be made; disposing ends its connections and removes it.
 */
export async function serveUplink(directory: string): Promise<AsyncDisposable> {
  const path = join(directory, UPLINK_SOCKET);
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
    serveDial(socket);
  });
  try {
    if (Buffer.byteLength(path) > MOST_PATH_BYTES) throw new Error("its path is too long");
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    rmSync(path, { force: true });
    server.listen(path);
    await once(server, "listening");
  } catch (cause) {
    throw new LabError(
      `The uplink ${path} cannot be made (${(cause as Error).message}).`,
      "Name another folder with --uplink.",
      { cause },
    );
  }
  return {
    async [Symbol.asyncDispose]() {
      const closed = once(server, "close");
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

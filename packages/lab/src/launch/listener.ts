import { createServer } from "node:net";
import { once } from "node:events";
import { LabError } from "../lab-error.ts";

/** A listening socket of the host that a sandboxed process will accept from. */
export interface HostListener extends Disposable {
  readonly port: number;
  /** To be handed to a child process. */
  readonly fd: number;
}

/** Where to listen, and the option that says so. */
export interface HostListenerOptions {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** For the error's text, e.g. --api-port. */
  readonly flag: string;
}

/**
 * Listens on an address of the host. A socket stays in the network where
 * it was made, so a process inside the sandbox serves the host with it. Dispose it as soon as the
 * child has it: connections are then accepted by the child alone.
 */
export async function listenOnHost(options: HostListenerOptions): Promise<HostListener> {
  const { host, port, flag } = options;
  const server = createServer((socket) => socket.destroy());
  server.listen({ host, port });
  try {
    await once(server, "listening");
  } catch (error) {
    throw new LabError(
      `Port ${port} of ${host} cannot be listened on (${(error as NodeJS.ErrnoException).code}).`,
      `Give another one with ${flag}, or 0 for a free one.`,
      { cause: error },
    );
  }
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("not a TCP socket");
  return { port: address.port, fd: socketFd(server), [Symbol.dispose]: () => void server.close() };
}

/** Node.js has no public name for the descriptor of a listening socket. */
function socketFd(server: object): number {
  return (server as { _handle: { fd: number } })._handle.fd;
}

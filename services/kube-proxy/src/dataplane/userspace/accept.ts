import { type Server, Socket, type SocketConstructorOpts } from "node:net";
import type { TcpPump } from "./tcp-pump.ts";

/** Time without traffic after which the kernel probes whether a peer still lives, in ms. */
export const KEEP_ALIVE_MS = 60_000;

/** What a listening server's handle looks like inside Node 20 to 26. */
interface ServerHandle {
  onconnection?: ((status: number, client?: object) => void) | undefined;
  setNoDelay(on: boolean): void;
  setKeepAlive(on: boolean, seconds: number): void;
}

/** A connection a client has opened: paused, half-open allowed. */
export interface AcceptedConnection {
  readonly socket: Socket;
  /** What moves the client's bytes on; not connected yet. */
  readonly pump: TcpPump;
  /** How the socket gives its bytes: to the pump's `onread`, or as 'data' events. */
  readonly reads: "onread" | "data";
}

/** Where accepted connections go. */
export interface AcceptOptions {
  createPump(): TcpPump;
  onAccept(connection: AcceptedConnection): void;
}

/**
 * Makes a server that has just begun to listen accept sockets with `onread`. Public Node offers
 * that only for outgoing sockets, so this takes the connection handles themselves
 * (`_handle.onconnection`), which also saves part of each socket's set-up. Gives false, and changes
 * nothing, where Node has no such handle; `acceptPortably` then does the work.
 */
export function acceptWithOnread(server: Server, options: AcceptOptions): boolean {
  const handle = (server as { _handle?: ServerHandle | null })._handle;
  const ordinary = handle?.onconnection;
  if (handle === undefined || handle === null || typeof ordinary !== "function") return false;
  // Linux hands these on to each accepted socket, which saves five system calls a connection.
  handle.setNoDelay(true);
  handle.setKeepAlive(true, KEEP_ALIVE_MS / 1_000);
  handle.onconnection = (status, client) => {
    if (status !== 0 || client === undefined) return ordinary.call(handle, status, client);
    const pump = options.createPump();
    options.onAccept({ socket: new Socket(socketOptions(client, pump)), pump, reads: "onread" });
  };
  return true;
}

/** Accepts by public means alone: slower, otherwise the same. */
export function acceptPortably(server: Server, options: AcceptOptions): void {
  server.on("connection", (socket) => {
    options.onAccept({ socket, pump: options.createPump(), reads: "data" });
  });
}

/** `handle` and `pauseOnCreate` are what net.Server itself passes; the types do not know them. */
function socketOptions(handle: object, { onread }: TcpPump): SocketConstructorOpts {
  const options = { handle, allowHalfOpen: true, pauseOnCreate: true, onread };
  return options as unknown as SocketConstructorOpts;
}

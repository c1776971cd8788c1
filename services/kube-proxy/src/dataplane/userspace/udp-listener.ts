import type { Socket } from "node:dgram";
import type { Address } from "@kubehop/routing";
import { createUdpSocket } from "./udp-socket.ts";

/** Asks the kernel to hold bursts of datagrams (cut to net.core.rmem_max). */
export const RECEIVE_BUFFER_BYTES: number = 1024 * 1024;

/** Where a datagram came from. */
export interface UdpClient {
  readonly address: string;
  readonly port: number;
}

/** A bound socket that clients send datagrams to. Disposing closes it at once. */
export interface UdpListener extends Disposable {
  /** Sends a datagram to a client from the frontend's own address. */
  reply(datagram: Buffer, client: UdpClient): void;
}

/** What a listener does with datagrams and errors. */
export interface UdpListenerOptions {
  onDatagram(datagram: Buffer, client: UdpClient, listener: UdpListener): void;
  onError(error: Error): void;
}

/** Binds a frontend's address. Rejects when it cannot be bound. */
export async function listenUdp(
  { ip, port }: Address,
  options: UdpListenerOptions,
): Promise<UdpListener> {
  const socket = createUdpSocket(ip, { recvBufferSize: RECEIVE_BUFFER_BYTES });
  await bind(socket, { ip, port });
  let closed = false;
  const listener: UdpListener = {
    reply(datagram, client) {
      if (!closed) socket.send(datagram, client.port, client.address);
    },
    [Symbol.dispose]() {
      closed = true;
      socket.close();
    },
  };
  socket.on("error", options.onError);
  socket.on("message", (datagram, client) => options.onDatagram(datagram, client, listener));
  return listener;
}

function bind(socket: Socket, { ip, port }: Address): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const onError = (error: Error): void => {
    socket.close();
    reject(error);
  };
  socket.once("error", onError);
  socket.bind({ address: ip, port, exclusive: true }, () => {
    socket.off("error", onError);
    resolve();
  });
  return promise;
}

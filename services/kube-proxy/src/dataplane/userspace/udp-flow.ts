import type { Socket } from "node:dgram";
import type { Address, ForwardDecision } from "@kubehop/routing";
import { createUdpSocket } from "./udp-socket.ts";

/** Datagrams kept until the flow's socket is connected, which is a turn of the event loop. */
const MAX_WAITING = 64;

/** One client of a UDP frontend and its way to an endpoint: a connected socket of its own. */
export interface UdpFlow {
  readonly endpointKey: string;
  readonly bytesIn: number;
  readonly bytesOut: number;
  /** Whether a datagram went either way since the last call. */
  takeActivity(): boolean;
  /** Sends a datagram of the client to the endpoint. */
  send(datagram: Buffer): void;
  /** Closes the socket; what the endpoint still sends is lost. */
  close(): void;
}

/** What a flow tells its owner. */
export interface UdpFlowEvents {
  /** The socket is connected; `upstream` is its local end. */
  onConnect(upstream: Address): void;
  /** The endpoint has sent a datagram. */
  onReply(datagram: Buffer): void;
  /**
   * The flow is of no use: the endpoint's host has answered "port unreachable" or has no route, or
   * this process has no socket left. The owner closes it; a client that asks again gets a new one.
   */
  onError(error: Error): void;
}

/** Opens a flow to the endpoint that was decided on. */
export function openUdpFlow({ endpoint }: ForwardDecision, events: UdpFlowEvents): UdpFlow {
  const socket = createUdpSocket(endpoint.ip);
  const waiting: Buffer[] = [];
  let connected = false;
  let active = true;
  let closed = false;
  let [bytesIn, bytesOut] = [0, 0];
  // An ICMP error shows either at the next send or as the socket's error: both must be taken.
  const onSent = (error: Error | null): void => {
    if (error !== null && !closed) events.onError(error);
  };
  const onError = (error: Error): void => onSent(error);
  socket.on("error", onError);
  socket.on("message", (datagram) => {
    active = true;
    bytesOut += datagram.length;
    events.onReply(datagram);
  });
  socket.once("connect", () => {
    if (closed) return;
    connected = true;
    events.onConnect(localAddress(socket));
    for (const datagram of waiting.splice(0)) socket.send(datagram, onSent);
  });
  socket.connect(endpoint.port, endpoint.ip);
  return {
    endpointKey: endpoint.key,
    get bytesIn() {
      return bytesIn;
    },
    get bytesOut() {
      return bytesOut;
    },
    takeActivity() {
      const was = active;
      active = false;
      return was;
    },
    send(datagram) {
      active = true;
      bytesIn += datagram.length;
      if (connected) socket.send(datagram, onSent);
      else if (waiting.length < MAX_WAITING) waiting.push(datagram);
    },
    close() {
      if (closed) return;
      closed = true;
      socket.close();
    },
  };
}

function localAddress(socket: Socket): Address {
  const { address, port } = socket.address();
  return { ip: address, port };
}

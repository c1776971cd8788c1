import { createSocket, type RemoteInfo, type Socket } from "node:dgram";
import { once } from "node:events";
import type { Duplex } from "node:stream";
import { FrameType } from "./frames.ts";
import type { Relay, RelayOptions } from "./tcp-relay.ts";
import { type Tunnel, dialThrough } from "./tunnel.ts";

/** How long a flow without datagrams is kept; what conntrack gives UDP by default. */
const IDLE_MS = 30_000;
const SWEEP_MS = 5_000;
const MOST_FLOWS = 1_024;
/** Datagrams of a flow that wait for its connection. */
const MOST_WAITING = 64;
/** How long the port stays closed after the target has refused a datagram. */
const REFUSED_MS = 500;

/** All datagrams of one client. */
interface Flow {
  usedAt: number;
  tunnel?: Tunnel;
  readonly waiting: Buffer[];
}

/**
 * Listens on a UDP port; datagrams of each client are a flow of the far side. When the target
 * refuses one (ICMP), the port is closed for a moment, so that the next ones are refused here.
 * Rejects when the port is taken.
 */
export async function listenUdp(options: RelayOptions): Promise<Relay> {
  const flows = new Map<string, Flow>();
  let socket = await bind(options.host, options.port);
  const { port } = socket.address();
  let reopen: NodeJS.Timeout | undefined;
  let closed = false;

  const receive = (message: Buffer, client: RemoteInfo): void => {
    const key = `${client.address}:${client.port}`;
    const flow = flows.get(key) ?? startFlow(key, client);
    flow.usedAt = Date.now();
    if (flow.tunnel !== undefined) flow.tunnel.send(FrameType.Data, message);
    else if (flow.waiting.length < MOST_WAITING) flow.waiting.push(message);
  };
  const startFlow = (key: string, client: RemoteInfo): Flow => {
    if (flows.size >= MOST_FLOWS) endFlow(flows, flows.keys().next().value ?? key);
    const flow: Flow = { usedAt: Date.now(), waiting: [] };
    flows.set(key, flow);
    connectFlow(flow, options, {
      onDatagram: (payload) => !closed && socket.send(payload, client.port, client.address),
      onRefused: refuse,
    }).then(
      (tunnel) => tunnel.onClose(() => flows.delete(key)),
      () => {
        flows.delete(key);
        refuse();
      },
    );
    return flow;
  };
  const refuse = (): void => {
    if (reopen !== undefined || closed) return;
    socket.close();
    for (const key of flows.keys()) endFlow(flows, key);
    reopen = setTimeout(() => void reopenPort(), REFUSED_MS);
  };
  const reopenPort = async (): Promise<void> => {
    const next = await bind(options.host, port).catch(() => undefined);
    if (closed) return void next?.close();
    reopen = next === undefined ? setTimeout(() => void reopenPort(), REFUSED_MS) : undefined;
    if (next !== undefined) attach(next);
  };
  const attach = (next: Socket): void => {
    socket = next.on("message", receive).on("error", () => undefined);
  };
  attach(socket);
  const sweep = setInterval(() => endIdle(flows), SWEEP_MS);
  return {
    port,
    async [Symbol.asyncDispose]() {
      closed = true;
      clearInterval(sweep);
      for (const key of flows.keys()) endFlow(flows, key);
      if (reopen === undefined) socket.close();
      else clearTimeout(reopen);
    },
  };
}

interface FlowEvents {
  readonly onDatagram: (payload: Buffer) => void;
  readonly onRefused: () => void;
}

async function connectFlow(
  flow: Flow,
  { open, target, dialTimeoutMs }: RelayOptions,
  { onDatagram, onRefused }: FlowEvents,
): Promise<Tunnel> {
  const stream: Duplex = await open();
  const tunnel = await dialThrough(stream, target, dialTimeoutMs);
  flow.tunnel = tunnel;
  tunnel.onFrame(({ type, payload }) => {
    if (type === FrameType.Data) onDatagram(payload);
    else onRefused();
  });
  for (const message of flow.waiting.splice(0)) tunnel.send(FrameType.Data, message);
  return tunnel;
}

function endFlow(flows: Map<string, Flow>, key: string): void {
  flows.get(key)?.tunnel?.stream.destroy();
  flows.delete(key);
}

function endIdle(flows: Map<string, Flow>): void {
  const oldest = Date.now() - IDLE_MS;
  for (const [key, flow] of flows) if (flow.usedAt < oldest) endFlow(flows, key);
}

async function bind(host: string, port: number): Promise<Socket> {
  const socket = createSocket("udp4");
  socket.bind(port, host);
  await once(socket, "listening");
  return socket;
}

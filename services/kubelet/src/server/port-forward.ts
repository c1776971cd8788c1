import type { IncomingMessage } from "node:http";
import { type Duplex, finished } from "node:stream";
import { type RawData, WebSocket, WebSocketServer } from "ws";
import type { PortDialer } from "./port-dialer.ts";
import { createSpdySession, type SpdyStream } from "./spdy-session.ts";

/** What kubectl speaks since 1.31: SPDY/3.1 inside of WebSocket messages (KEP-4006). */
const TUNNEL = "SPDY/3.1+portforward.k8s.io";
/** The same without the slash, which no WebSocket library takes for a subprotocol. */
const TUNNEL_TOKEN = "SPDY-3.1+portforward.k8s.io";
/** What client libraries speak: two channels a port. */
const CHANNELS = ["v4.channel.k8s.io", "v5.channel.k8s.io"];

const HIGH_WATER_BYTES = 1_024 * 1_024;
const DRAIN_INTERVAL_MS = 10;

/** Takes WebSocket upgrades of /portForward. */
export interface PortForwardServer {
  serve(
    upgrade: { readonly request: IncomingMessage; readonly socket: Duplex; readonly head: Buffer },
    ports: readonly number[],
    dial: PortDialer,
  ): void;
  /** Ends every session. */
  close(): void;
}

/** Reads the ports a client wants: `ports=80&ports=443,8080`. Throws an Error for anything else. */
export function parsePorts(query: URLSearchParams): number[] {
  return query
    .getAll("ports")
    .flatMap((text) => text.split(","))
    .map((text) => {
      const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
      if (port >= 1 && port <= 65_535) return port;
      throw new Error(`unable to parse ${JSON.stringify(text)} as a port`);
    });
}

/** Creates the server of the subprotocols SPDY/3.1+portforward.k8s.io and v4.channel.k8s.io. */
export function createPortForwardServer(): PortForwardServer {
  const server = new WebSocketServer({
    noServer: true,
    maxPayload: 32 * 1_024 * 1_024,
    handleProtocols: (offered) =>
      offered.has(TUNNEL_TOKEN) ? TUNNEL : (CHANNELS.find((name) => offered.has(name)) ?? false),
  });
  return {
    serve({ request, socket, head }, ports, dial) {
      const { headers } = request;
      const offered = headers["sec-websocket-protocol"]?.replaceAll(TUNNEL, TUNNEL_TOKEN);
      if (offered !== undefined) headers["sec-websocket-protocol"] = offered;
      const isTunnel = offered?.includes(TUNNEL_TOKEN) === true;
      if (!isTunnel && ports.length === 0) throw new Error('query parameter "ports" is required');
      server.handleUpgrade(request, socket, head, (client) => {
        client.on("error", () => client.terminate());
        if (isTunnel) serveTunnel(client, dial);
        else
          for (const [index, port] of ports.entries())
            void serveChannels(client, index, { port, dial });
      });
    },
    close() {
      for (const client of server.clients) client.terminate();
      server.close();
    },
  };
}

function serveTunnel(client: WebSocket, dial: PortDialer): void {
  const session = createSpdySession({
    send: (bytes) => send(client, bytes),
    onStream: forwardTo(dial),
  });
  // Messages are dealt with one after the other: header blocks share one zlib stream.
  let turn = Promise.resolve();
  client.on("message", (data) => {
    client.pause();
    turn = turn
      .then(() => session.receive(toBuffer(data)))
      .then(
        () => client.resume(),
        () => client.terminate(),
      );
  });
  client.once("close", () => session.close());
}

/** The protocol of port forwarding over SPDY alone, as clients before WebSockets speak it. */
export const FORWARD_PROTOCOLS: readonly string[] = ["portforward.k8s.io"];

/**
 * Takes the streams of one SPDY connection, two for each forwarded one: `error`, then `data`, which
 * name each other by their request id.
 */
export function forwardTo(dial: PortDialer): (stream: SpdyStream) => void {
  const errors = new Map<string, SpdyStream>();
  return (stream) => {
    const id = stream.headers.get("requestid") ?? "";
    if (stream.headers.get("streamtype") !== "error") {
      void forward(stream, errors.get(id), dial);
      return;
    }
    errors.set(id, stream);
    stream.bytes.once("close", () => errors.delete(id));
    stream.bytes.resume();
  };
}

async function forward(
  data: SpdyStream,
  error: SpdyStream | undefined,
  dial: PortDialer,
): Promise<void> {
  const port = Number(data.headers.get("port"));
  try {
    const connection = await dial(port);
    join(data.bytes, connection);
    finished(data.bytes, () => error?.bytes.end());
  } catch (cause) {
    error?.bytes.end(failureText(port, cause as Error));
    data.bytes.end();
    data.bytes.resume();
  }
}

function failureText(port: number, { message }: Error): string {
  return `error forwarding port ${port} to pod: failed to connect to localhost:${port} inside the pod: ${message}`;
}

/** Bytes both ways; an end on one side is told to the other, a break ends both. */
function join(a: Duplex, b: Duplex): void {
  a.pipe(b).pipe(a);
  const end = (): void => {
    a.destroy();
    b.destroy();
  };
  a.once("error", end).once("close", end);
  b.once("error", end);
}

/** Channel 2i carries a port's data, 2i+1 its errors; each begins with the port's number. */
async function serveChannels(
  client: WebSocket,
  index: number,
  { port, dial }: { readonly port: number; readonly dial: PortDialer },
): Promise<void> {
  const data = index * 2;
  const announcement = Buffer.alloc(2);
  announcement.writeUInt16LE(port);
  const early: Buffer[] = [];
  let connection: Duplex | undefined;
  client.on("message", (raw) => {
    const message = toBuffer(raw);
    if (message[0] !== data) return;
    if (connection === undefined) early.push(message.subarray(1));
    else connection.write(message.subarray(1));
  });
  for (const channel of [data, data + 1]) {
    await send(client, Buffer.concat([Buffer.of(channel), announcement]));
  }
  try {
    connection = await dial(port);
    client.once("close", () => connection?.destroy());
    for (const bytes of early) connection.write(bytes);
    for await (const bytes of connection) {
      await send(client, Buffer.concat([Buffer.of(data), bytes as Buffer]));
    }
    // This protocol can't say that one port has ended: the end of the first one ends the session.
    client.close(1_000);
  } catch (error) {
    const text = Buffer.from(failureText(port, error as Error));
    await send(client, Buffer.concat([Buffer.of(data + 1), text])).catch(() => undefined);
    client.close(1_000);
  }
}

/** Sends a message; resolves when the client can take more. */
async function send(client: WebSocket, bytes: Buffer): Promise<void> {
  if (client.readyState !== WebSocket.OPEN) throw new Error("the client has gone");
  client.send(bytes);
  while (client.bufferedAmount > HIGH_WATER_BYTES && client.readyState === WebSocket.OPEN) {
    await new Promise((resolve) => setTimeout(resolve, DRAIN_INTERVAL_MS));
  }
}

function toBuffer(data: RawData): Buffer {
  if (Array.isArray(data)) return Buffer.concat(data);
  return data instanceof ArrayBuffer ? Buffer.from(data) : data;
}

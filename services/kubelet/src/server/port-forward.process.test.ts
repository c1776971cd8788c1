import { once } from "node:events";
import { createServer as createHttpServer } from "node:http";
import { type AddressInfo, connect, createServer } from "node:net";
import type { Duplex } from "node:stream";
import { constants, createDeflate } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import { createPortForwardServer, parsePorts } from "./port-forward.ts";
import { SPDY_DICTIONARY } from "./spdy-dictionary.ts";
import {
  controlFrame,
  createFrameReader,
  dataFrame,
  type SpdyFrame,
  SYN_STREAM,
} from "./spdy-frames.ts";

/** A pod's port that gives back what it gets, in capitals, and ends when its client does. */
const pod = createServer({ allowHalfOpen: true }, (socket) => {
  socket.on("data", (bytes) => socket.write(bytes.toString().toUpperCase()));
  socket.on("end", () => socket.end());
  socket.on("error", () => socket.destroy());
});
const http = createHttpServer();
const forwards = createPortForwardServer();
let port: number;
let url: string;

beforeAll(async () => {
  pod.listen(0, "127.0.0.1");
  http.listen(0, "127.0.0.1");
  await Promise.all([once(pod, "listening"), once(http, "listening")]);
  port = (pod.address() as AddressInfo).port;
  url = `ws://127.0.0.1:${(http.address() as AddressInfo).port}/`;
  http.on("upgrade", (request, socket, head) => {
    const { searchParams } = new URL(request.url ?? "/", url);
    hideSubprotocol(socket);
    forwards.serve({ request, socket, head }, parsePorts(searchParams), async (asked) => {
      const connection = connect({ host: "127.0.0.1", port: asked, allowHalfOpen: true });
      await once(connection, "connect");
      return connection;
    });
  });
});

afterAll(() => {
  forwards.close();
  pod.close();
  http.close();
});

describe("v4.channel.k8s.io", () => {
  it("announces the ports, then carries bytes both ways", async () => {
    const client = new WebSocket(`${url}?ports=${port}`, ["v4.channel.k8s.io"]);
    const messages: Buffer[] = [];
    client.on("message", (data: Buffer) => messages.push(data));
    await once(client, "open");
    client.send(Buffer.concat([Buffer.of(0), Buffer.from("hello")]));
    while (messages.length < 3) await once(client, "message");
    const announced = Buffer.alloc(2);
    announced.writeUInt16LE(port);
    expect(messages).toEqual([
      Buffer.concat([Buffer.of(0), announced]),
      Buffer.concat([Buffer.of(1), announced]),
      Buffer.concat([Buffer.of(0), Buffer.from("HELLO")]),
    ]);
    client.close();
    await once(client, "close");
  });

  it("tells of a port where nobody listens", async () => {
    const client = new WebSocket(`${url}?ports=1`, ["v4.channel.k8s.io"]);
    const messages: Buffer[] = [];
    client.on("message", (data: Buffer) => messages.push(data));
    await once(client, "close");
    expect(messages.at(-1)?.[0]).toBe(1);
    expect(String(messages.at(-1))).toContain("error forwarding port 1 to pod");
  });
});

describe("SPDY/3.1+portforward.k8s.io", () => {
  it("forwards a connection on two streams", async () => {
    const { client, open, send, frames } = await openTunnel();
    await open(1, { streamtype: "error", port: String(port), requestid: "0" });
    await open(3, { streamtype: "data", port: String(port), requestid: "0" });
    send(dataFrame(3, Buffer.from("hello")));
    await until(client, () => dataOf(frames, 3) === "HELLO");
    send(dataFrame(3, Buffer.alloc(0), true));
    await until(client, () => endsOf(frames).includes(3) && endsOf(frames).includes(1));
    expect(dataOf(frames, 1)).toBe("");
    client.terminate();
  });

  it("puts the reason on the error stream", async () => {
    const { client, open, frames } = await openTunnel();
    await open(1, { streamtype: "error", port: "1", requestid: "0" });
    await open(3, { streamtype: "data", port: "1", requestid: "0" });
    await until(client, () => endsOf(frames).includes(1));
    expect(dataOf(frames, 1)).toContain("error forwarding port 1 to pod");
    client.terminate();
  });
});

interface Tunnel {
  readonly client: WebSocket;
  readonly frames: readonly SpdyFrame[];
  send(bytes: Buffer): void;
  open(id: number, headers: Readonly<Record<string, string>>): Promise<void>;
}

/** What the server said it speaks. */
let answered: string | undefined;

/** `ws` as a client takes no subprotocol with a slash: it is not shown the answer's. */
function hideSubprotocol(socket: Duplex): void {
  const write = socket.write.bind(socket) as (text: string) => boolean;
  socket.write = (head: string) => {
    socket.write = write;
    const line = /Sec-WebSocket-Protocol: (.*)\r\n/i;
    answered = line.exec(head)?.[1];
    return write(answered?.startsWith("SPDY") === true ? head.replace(line, "") : head);
  };
}

async function openTunnel(): Promise<Tunnel> {
  const protocol = "SPDY/3.1+portforward.k8s.io";
  const client = new WebSocket(url, { headers: { "sec-websocket-protocol": protocol } });
  const frames: SpdyFrame[] = [];
  const read = createFrameReader();
  client.on("message", (data: Buffer) => frames.push(...read(data)));
  await once(client, "open");
  expect(answered).toBe(protocol);
  const deflate = createDeflate({ dictionary: SPDY_DICTIONARY });
  return {
    client,
    frames,
    send: (bytes) => client.send(bytes),
    async open(id, headers) {
      const head = Buffer.alloc(10);
      head.writeUInt32BE(id);
      const block = await packed(deflate, headers);
      client.send(controlFrame(SYN_STREAM, Buffer.concat([head, block])));
    },
  };
}

async function packed(
  deflate: ReturnType<typeof createDeflate>,
  headers: Readonly<Record<string, string>>,
): Promise<Buffer> {
  const count = Buffer.alloc(4);
  count.writeUInt32BE(Object.keys(headers).length);
  const parts = [count];
  for (const text of Object.entries(headers).flat()) {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(text.length);
    parts.push(length, Buffer.from(text));
  }
  deflate.write(Buffer.concat(parts));
  const output: Buffer[] = [];
  const collect = (bytes: Buffer): number => output.push(bytes);
  deflate.on("data", collect);
  await new Promise<void>((resolve) => deflate.flush(constants.Z_SYNC_FLUSH, () => resolve()));
  deflate.off("data", collect);
  return Buffer.concat(output);
}

async function until(client: WebSocket, holds: () => boolean): Promise<void> {
  while (!holds()) await once(client, "message");
}

function dataOf(frames: readonly SpdyFrame[], stream: number): string {
  return frames
    .map((frame) =>
      frame.kind === "data" && frame.stream === stream ? frame.bytes.toString() : "",
    )
    .join("");
}

function endsOf(frames: readonly SpdyFrame[]): number[] {
  return frames.flatMap((frame) => (frame.kind === "data" && frame.fin ? [frame.stream] : []));
}

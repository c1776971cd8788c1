import { randomBytes } from "node:crypto";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import { buffer, text } from "node:stream/consumers";
import { setTimeout as delay } from "node:timers/promises";
import { afterEach, expect, test } from "vitest";
import { serveDial } from "./dial-server.ts";
import { mirrorTcp } from "./mirror.ts";
import { checkTcp, listenTcp, type RelayOptions } from "./tcp-relay.ts";
import { listenUdp } from "./udp-relay.ts";

/** An address that is nobody else's, so that a port which was free stays free. */
const HOST = "127.0.0.77";
/** Against a hang: what is asked for comes, if late. */
const PATIENCE_MS = 60_000;
let resources = new AsyncDisposableStack();
afterEach(async () => {
  await resources.disposeAsync();
  resources = new AsyncDisposableStack();
});

test("bytes go both ways, whole and in order", async () => {
  const sent = randomBytes(3_000_000);
  const echo = await serve((socket) => socket.pipe(socket));
  const client = connectTo(await relayTo(portOf(echo)));
  client.end(sent);
  expect((await buffer(client)).equals(sent)).toBe(true);
});

test("one half may end while the other goes on", async () => {
  const server = await serve(async (socket) => {
    const heard = await text(socket);
    await delay(20);
    socket.end(`heard ${heard}`);
  });
  const client = connectTo(await relayTo(portOf(server)));
  client.end("hello");
  expect(await text(client)).toBe("heard hello");
});

test("a reset of the target is a reset for the client", async () => {
  const server = await serve((socket) => socket.once("data", () => socket.resetAndDestroy()));
  const client = connectTo(await relayTo(portOf(server)));
  client.write("x");
  expect(await failureOf(client)).toBe("ECONNRESET");
});

test("a reset of the client is a reset for the target", async () => {
  const failure = Promise.withResolvers<string>();
  const server = await serve((socket) => void failureOf(socket).then(failure.resolve));
  const client = connectTo(await relayTo(portOf(server)));
  client.write("x");
  await once(server, "connection");
  client.resetAndDestroy();
  expect(await failure.promise).toBe("ECONNRESET");
});

test("a reader that is slow slows the writer", async () => {
  const server = await serve((socket) => socket.pause());
  const client = connectTo(await relayTo(portOf(server)));
  let sent = 0;
  const chunk = Buffer.alloc(1 << 16);
  while (sent < 200_000_000) {
    if (!client.write(chunk) && !(await drains(client))) break;
    sent += chunk.length;
  }
  expect(sent).toBeLessThan(50_000_000);
  client.destroy();
});

test("a target that refuses resets the connection and is named", async () => {
  const failures: string[] = [];
  const port = await freePort();
  const relay = await relayTo(port, { onFailure: ({ message }) => failures.push(message) });
  expect(await failureOf(connectTo(relay))).toBe("ECONNRESET");
  expect(failures).toEqual([`dial tcp ${HOST}:${port}: ECONNREFUSED`]);
});

test("a far side that is gone is a failure, no hang", async () => {
  const options = { ...optionsFor(1), open: () => Promise.reject(new Error("nobody there")) };
  await expect(checkTcp(options)).rejects.toThrow("nobody there");
});

test("a port is mirrored: open while the target accepts, refused while it does not", async () => {
  const target = await freePort();
  const port = await freePort();
  const stop = new AbortController();
  const done = mirrorTcp({ ...optionsFor(target), port }, stop.signal);
  expect(await failureOf(connectTo(port))).toBe("ECONNREFUSED");

  const server = await serve((socket) => socket.pipe(socket), target);
  await until(async () => (await answer(port)) === "x");
  await close(server);
  await until(async () => (await failureOf(connectTo(port))) === "ECONNREFUSED");
  await serve((socket) => socket.pipe(socket), target);
  await until(async () => (await answer(port)) === "x");
  stop.abort();
  await done;
  expect(await failureOf(connectTo(port))).toBe("ECONNREFUSED");
});

test("datagrams find their way back to their client; a refused one refuses the next", async () => {
  const echo = createSocket("udp4");
  echo.on("message", (message, { port, address }) => echo.send(message, port, address));
  echo.bind(0, HOST);
  await once(echo, "listening");
  const target = echo.address().port;
  const relay = resources.use(
    await listenUdp({
      ...optionsFor(target),
      target: { protocol: "UDP", host: HOST, port: target },
    }),
  );
  const words = ["a", "b", "c"];
  const replies = await Promise.all(words.map((word) => ask(relay.port, word, PATIENCE_MS)));
  expect(replies).toEqual(["a", "b", "c"]);
  echo.close();
  await until(async () => (await ask(relay.port, "x", 200)) === "ECONNREFUSED");
});

test("what is no tunnel is turned away", async () => {
  const server = await serve((socket) => serveDial(socket));
  const client = connectTo(portOf(server));
  client.write("GET / HTTP/1.1\r\n\r\n");
  expect(await buffer(client).catch(() => Buffer.alloc(0))).toHaveLength(0);
});

/** The far side: a server that dials for whoever connects. */
async function dialer(): Promise<() => Promise<Duplex>> {
  const server = await serve((socket) => serveDial(socket));
  return async () => {
    const socket = connect(portOf(server), HOST);
    await once(socket, "connect");
    return socket;
  };
}

function optionsFor(port: number): RelayOptions {
  let open: Promise<() => Promise<Duplex>> | undefined;
  return {
    host: HOST,
    port: 0,
    open: async () => (await (open ??= dialer()))(),
    target: { protocol: "TCP", host: HOST, port },
    dialTimeoutMs: PATIENCE_MS,
  };
}

async function relayTo(port: number, more: Partial<RelayOptions> = {}): Promise<number> {
  return resources.use(await listenTcp({ ...optionsFor(port), ...more })).port;
}

async function serve(onSocket: (socket: Socket) => unknown, port = 0): Promise<Server> {
  const sockets = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined);
    onSocket(socket);
  });
  server.listen(port, HOST);
  await once(server, "listening");
  resources.defer(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return server;
}

async function close(server: Server): Promise<void> {
  server.close();
  await delay(0);
}

function connectTo(port: number): Socket {
  const socket = connect({ port, host: HOST, allowHalfOpen: true });
  resources.defer(() => void socket.destroy());
  return socket;
}

/** The code with which a socket ends; "" when it ends well. */
async function failureOf(socket: Socket): Promise<string> {
  let code = "";
  socket.on("error", (error: NodeJS.ErrnoException) => (code = error.code ?? ""));
  socket.on("end", () => socket.end());
  socket.resume();
  await once(socket, "close").catch(() => undefined);
  return code;
}

async function drains(socket: Socket): Promise<boolean> {
  return Promise.race([once(socket, "drain").then(() => true), delay(500).then(() => false)]);
}

async function answer(port: number): Promise<string> {
  const socket = connectTo(port);
  socket.end("x");
  return text(socket).catch(() => "");
}

/** What comes back for a datagram, within a time: "silence" when nothing does. */
async function ask(port: number, word: string, patienceMs: number): Promise<string> {
  const socket = createSocket("udp4");
  socket.connect(port, HOST);
  await once(socket, "connect");
  const { promise, resolve } = Promise.withResolvers<string>();
  socket.on("message", (message) => resolve(message.toString()));
  socket.on("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? ""));
  socket.send(word, () => undefined);
  const over = new AbortController();
  const silence = delay(patienceMs, "silence", { signal: over.signal }).catch(() => "silence");
  const reply = await Promise.race([promise, silence]);
  over.abort();
  socket.close();
  return reply;
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + PATIENCE_MS;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error("it did not happen");
    await delay(20);
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, HOST);
  await once(server, "listening");
  const port = portOf(server);
  server.close();
  return port;
}

function portOf(server: Server): number {
  return (server.address() as { port: number }).port;
}

import { randomInt } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { connect, createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { createLogger, createMetrics, type Kit, systemClock } from "@kubehop/kit";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { parsePortPair } from "./config.ts";
import { build } from "./relay.ts";
import { serveUplink } from "./uplink-server.ts";

const PATIENCE_MS = 60_000;

let resources: AsyncDisposableStack;
let uplink: string;

beforeEach(async () => {
  resources = new AsyncDisposableStack();
  uplink = await mkdtemp(join(tmpdir(), "kubehop-uplink-"));
  resources.defer(() => rm(uplink, { recursive: true, force: true }));
});
afterEach(() => resources.disposeAsync());

test("a pod's port leads through the uplink to the target, and readiness follows it", async () => {
  const target = await listen(createServer(greet));
  const [port, readyPort] = [await freePort(), await freePort()];
  resources.use(await serveUplink(uplink));
  const config = { uplink, target: "127.0.0.1", tcp: [`${port}:${target.port}`], udp: [] };
  resources.use(await build({ ...config, readyPort }, kit()));

  await vi.waitFor(async () => expect(await readAll(port)).toBe("hello"), PATIENCE_MS);
  await isTold(readyPort, [200, "ok\n"]);
  target.server.close();
  await isTold(readyPort, [503, `dial tcp 127.0.0.1:${target.port}: ECONNREFUSED\n`]);
  await vi.waitFor(async () => expect(await readAll(port)).toBe("ECONNREFUSED"), PATIENCE_MS);
});

test("without an uplink the target is not ready, and the reason says so", async () => {
  const readyPort = await freePort();
  const config = { uplink, target: "127.0.0.1", tcp: [String(await freePort())], udp: [] };
  resources.use(await build({ ...config, readyPort }, kit()));
  await isTold(readyPort, [503, expect.stringContaining("ENOENT")]);
});

test("a port that is taken is named", async () => {
  const target = await listen(createServer(greet));
  const readyPort = await freePort();
  resources.use(await serveUplink(uplink));
  const config = { uplink, target: "127.0.0.1", tcp: [String(target.port)], udp: [] };
  resources.use(await build({ ...config, readyPort }, kit()));
  await vi.waitFor(async () => {
    expect((await readiness(readyPort))[1]).toContain("EADDRINUSE");
  }, PATIENCE_MS);
});

test("an uplink that cannot be made says what to do", async () => {
  await expect(serveUplink(`/tmp/${"x".repeat(120)}`)).rejects.toThrow(
    /its path is too long\).*\nName another folder with --uplink\./s,
  );
});

test.each([
  ["8080", { port: 8080, targetPort: 8080 }],
  ["80:8080", { port: 80, targetPort: 8080 }],
])("the port %s", (text, pair) => expect(parsePortPair(text)).toEqual(pair));

test.each(["", "http", "0", "70000", "80:", "80:90:1"])("%j is no port", (text) => {
  expect(() => parsePortPair(text)).toThrow("is no port");
});

function greet(socket: Socket): void {
  socket.on("error", () => undefined);
  socket.end("hello");
}

async function readiness(port: number): Promise<[number, string]> {
  const response = await fetch(`http://127.0.0.1:${port}/readyz`);
  return [response.status, await response.text()];
}

/** A target that is slow is not ready for that time: what readiness is comes to be told. */
async function isTold(port: number, answer: unknown[]): Promise<void> {
  await vi.waitFor(async () => expect(await readiness(port)).toEqual(answer), PATIENCE_MS);
}

async function readAll(port: number): Promise<string> {
  const socket = connect(port, "127.0.0.1");
  return text(socket).catch((error: NodeJS.ErrnoException) => error.code ?? "");
}

async function listen(server: Server): Promise<{ server: Server; port: number }> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  resources.defer(() => void server.close());
  return { server, port: (server.address() as { port: number }).port };
}

/** Below the range that kernels give to connections and to those who ask for any port. */
async function freePort(): Promise<number> {
  const port = randomInt(15_000, 30_000);
  const server = createServer().listen(port);
  const isFree = await once(server, "listening").then(
    () => true,
    () => false,
  );
  if (!isFree) return freePort();
  server.close();
  await once(server, "close");
  return port;
}

function kit(): Kit {
  return {
    name: "relay",
    logger: createLogger({ name: "relay", level: "silent" }),
    metrics: createMetrics(),
    clock: systemClock,
    random: Math.random,
    signal: new AbortController().signal,
  };
}

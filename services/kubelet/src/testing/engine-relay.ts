import { mkdtempSync, rmSync } from "node:fs";
import { connect, createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A socket before a real engine that a test can take away, bring back or make hang. */
export interface EngineRelay extends AsyncDisposable {
  readonly endpoint: string;
  /** Cuts every connection and refuses new ones, as an engine that was stopped. */
  stop(): Promise<void>;
  start(): Promise<void>;
  /** Takes connections and answers nothing, as an engine that hangs. */
  hang(): void;
  /** Cuts the connection of the next request that has this text in it, unanswered. */
  cutNext(text: string): void;
}

/** Starts it before the engine at `endpoint`. */
export async function startEngineRelay(endpoint: string): Promise<EngineRelay> {
  const directory = mkdtempSync(join(tmpdir(), "kubehop-relay-"));
  const path = join(directory, "docker.sock");
  const sockets = new Set<Socket>();
  const cut = createCut();
  let isHanging = false;
  let server: Server | undefined;
  const keep = (socket: Socket): void => {
    sockets.add(socket);
    socket.on("error", () => socket.destroy());
    socket.on("close", () => sockets.delete(socket));
  };
  const serve = (client: Socket): void => {
    keep(client);
    if (isHanging) return;
    const upstream = connect(endpoint.replace("unix://", ""));
    keep(upstream);
    cut.watch(client);
    client.on("close", () => upstream.destroy());
    upstream.on("close", () => client.destroy());
    client.pipe(upstream);
    upstream.pipe(client);
  };
  const start = async (): Promise<void> => {
    isHanging = false;
    server = createServer({ allowHalfOpen: true }, serve);
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    server.once("error", reject).listen(path, resolve);
    await promise;
  };
  const stop = async (): Promise<void> => {
    const { promise, resolve } = Promise.withResolvers<void>();
    if (server === undefined) return;
    server.close(() => resolve());
    server = undefined;
    for (const socket of sockets) socket.destroy();
    await promise;
  };
  await start();
  return {
    endpoint: `unix://${path}`,
    start,
    stop,
    hang() {
      isHanging = true;
      for (const socket of sockets) {
        socket.unpipe();
        socket.pause();
      }
    },
    cutNext: cut.next,
    async [Symbol.asyncDispose]() {
      await stop();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** Cuts one connection: the first that brings a text. */
function createCut(): { next(text: string): void; watch(socket: Socket): void } {
  let unwanted: string | undefined;
  return {
    next: (text) => void (unwanted = text),
    watch(socket) {
      socket.on("data", (chunk: Buffer) => {
        if (unwanted === undefined || !chunk.includes(unwanted)) return;
        unwanted = undefined;
        socket.destroy();
      });
    },
  };
}

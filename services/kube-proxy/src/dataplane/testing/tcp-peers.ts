import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";

/** A TCP server on a loopback address that keeps its connections for the test to look at. */
export interface TcpBackend extends Disposable {
  readonly ip: string;
  readonly port: number;
  /** Connections accepted so far, in order. */
  readonly accepted: readonly Socket[];
  /** The next connection, from the first one on. */
  next(): Promise<Socket>;
}

/** Starts a server. Port 0 takes a free one; several addresses may share one port. */
export async function startTcpBackend(
  ip: string,
  port: number,
  onConnection: (socket: Socket) => void = () => {},
): Promise<TcpBackend> {
  const accepted: Socket[] = [];
  const waiting: ((socket: Socket) => void)[] = [];
  let taken = 0;
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    socket.on("error", () => {});
    accepted.push(socket);
    onConnection(socket);
    waiting.shift()?.(socket);
  });
  server.listen(port, ip);
  await once(server, "listening");
  return {
    ip,
    port: portOf(server),
    accepted,
    next() {
      const socket = accepted[taken++];
      if (socket !== undefined) return Promise.resolve(socket);
      return new Promise((resolve) => waiting.push(resolve));
    },
    [Symbol.dispose]() {
      server.close();
      for (const socket of accepted) socket.destroy();
    },
  };
}

/** Starts servers on several addresses that share a free port; each greets with its address. */
export async function startGreeters(ips: readonly string[]): Promise<TcpBackend[]> {
  const backends: TcpBackend[] = [];
  for (const ip of ips) {
    const port = backends[0]?.port ?? 0;
    backends.push(await startTcpBackend(ip, port, (socket) => socket.end(ip)));
  }
  return backends;
}

/** Connects, half-open allowed. Rejects as connect does. */
export async function openTcp(ip: string, port: number): Promise<Socket> {
  const socket = connect({ host: ip, port, allowHalfOpen: true, noDelay: true });
  await once(socket, "connect");
  socket.on("error", () => {});
  return socket;
}

/** Everything the peer sends until it ends; rejects when it resets. */
export async function readAll(socket: Socket): Promise<string> {
  socket.setEncoding("utf8");
  let text = "";
  for await (const chunk of socket) text += chunk as string;
  return text;
}

/** Connects, reads until the end, and closes. */
export async function ask(ip: string, port: number): Promise<string> {
  const socket = await openTcp(ip, port);
  const answer = await readAll(socket);
  socket.destroy();
  return answer;
}

/** How a connection ends: "end" for a clean end, otherwise the error's code. */
export function outcomeOf(socket: Socket): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  socket.once("end", () => resolve("end"));
  socket.once("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
  socket.once("close", () => resolve("close"));
  socket.resume();
  return promise;
}

/** Connects and says how that connection ends; a reset may come before it is known to be open. */
export function outcomeAt(ip: string, port: number): Promise<string> {
  return outcomeOf(connect({ host: ip, port, allowHalfOpen: true }));
}

function portOf(server: Server): number {
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the server has no port");
  return address.port;
}

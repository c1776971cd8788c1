import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { Agent, request } from "undici";

/** A TCP load balancer: one address in front of several servers. */
export interface Balancer extends AsyncDisposable {
  readonly port: number;
  /** The ports of the servers that it leads to now. */
  ready(): readonly number[];
}

const CHECK_MS = 50;
const CHECK_TIMEOUT_MS = 2_000;

/**
 * Opens a balancer on a free port of 127.0.0.1 in front of ports of it. Each new connection goes to
 * the next server whose /readyz says yes, or on to another one when that refuses it.
 */
export async function openBalancer(ports: readonly number[], ca: string): Promise<Balancer> {
  const agent = new Agent({ connect: { ca }, headersTimeout: CHECK_TIMEOUT_MS });
  const sockets = new Set<Socket>();
  let ready: readonly number[] = [];
  let turn = 0;
  const check = async (): Promise<void> => {
    const answers = await Promise.all(ports.map((port) => isReady(agent, port)));
    ready = ports.filter((_, index) => answers[index]);
  };
  const lead = (client: Socket, left: readonly number[]): void => {
    const [port, ...others] = left;
    if (port === undefined) {
      client.destroy();
      return;
    }
    const upstream = connect(port, "127.0.0.1");
    const refused = (): void => lead(client, others);
    upstream.once("error", refused);
    upstream.once("connect", () => {
      upstream.off("error", refused).on("error", () => client.destroy());
      sockets.add(upstream);
      upstream.once("close", () => sockets.delete(upstream));
      client.once("close", () => upstream.destroy());
      client.pipe(upstream).pipe(client);
    });
  };
  const server = createServer((client) => {
    sockets.add(client);
    client.on("error", () => client.destroy()).once("close", () => sockets.delete(client));
    turn += 1;
    lead(client, [...ready.slice(turn % ready.length), ...ready.slice(0, turn % ready.length)]);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  await check();
  const timer = setInterval(() => void check(), CHECK_MS);
  return {
    port: (server.address() as AddressInfo).port,
    ready: () => ready,
    async [Symbol.asyncDispose]() {
      clearInterval(timer);
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
      await agent.destroy();
    },
  };
}

async function isReady(dispatcher: Agent, port: number): Promise<boolean> {
  try {
    const url = `https://127.0.0.1:${port}/readyz`;
    const { statusCode, body } = await request(url, { dispatcher });
    await body.dump();
    return statusCode === 200;
  } catch {
    return false;
  }
}

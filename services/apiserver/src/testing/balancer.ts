import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { Agent, request } from "undici";

/** A TCP load balancer: one address in front of several servers. */
export interface Balancer extends AsyncDisposable {
  readonly port: number;
  /** The ports of the servers that it leads to now. */
  ready(): readonly number[];
}

const CHECK_MS = 50;
/** A server that is only slow is not taken out. */
const CHECK_TIMEOUT_MS = 10_000;

/**
 * Opens a balancer on a free port of 127.0.0.1 in front of ports of it. Each new connection goes to
 * the next server whose /readyz says yes, or on to another one when that refuses it.
 */
export async function openBalancer(ports: readonly number[], ca: string): Promise<Balancer> {
  const agent = new Agent({ connect: { ca }, headersTimeout: CHECK_TIMEOUT_MS });
  const sockets = new Set<Socket>();
  const stop = new AbortController();
  const states = new Map<number, boolean>();
  const ready = (): readonly number[] => ports.filter((port) => states.get(port) === true);
  let turn = 0;
  const check = async (port: number): Promise<void> => {
    states.set(port, await isReady(agent, port));
  };
  // One check of a server at a time: a late answer must not undo a newer one.
  const follow = async (port: number): Promise<void> => {
    while (!stop.signal.aborted) {
      await check(port);
      await delay(CHECK_MS, undefined, { signal: stop.signal }).catch(() => {});
    }
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
    const now = ready();
    lead(client, [...now.slice(turn % now.length), ...now.slice(0, turn % now.length)]);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  await Promise.all(ports.map(check));
  const following = ports.map(follow);
  return {
    port: (server.address() as AddressInfo).port,
    ready,
    async [Symbol.asyncDispose]() {
      stop.abort();
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
      await agent.destroy();
      await Promise.all(following);
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

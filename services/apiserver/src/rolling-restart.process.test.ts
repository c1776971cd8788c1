import { type ConfigMap, Kinds } from "@kubehop/api";
import { createRestClient, loadKubeconfig, type RestClient } from "@kubehop/client";
import {
  type ApiServerProcess,
  type NatsServer,
  startApiServer,
  startNats,
  waitFor,
} from "@kubehop/testkit";
import { once } from "node:events";
import { readFile, writeFile } from "node:fs/promises";
import { request } from "node:https";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type Balancer, openBalancer } from "./testing/balancer.ts";
import { hasKubectl, runKubectl } from "./testing/kubectl.ts";

/** Time enough to notice that readyz fails, and to ask more, also for a process that is held up. */
const FLAGS = ["--shutdown-delay-duration=5s"];
const NAMESPACE = "default";

let nats: NatsServer;
let servers: readonly ApiServerProcess[];
let balancer: Balancer;
/** A kubeconfig that knows the balancer only. */
let kubeconfig: string;

beforeAll(async () => {
  nats = await startNats();
  const first = await startApiServer(nats, { flags: FLAGS });
  servers = [first, await startApiServer(nats, { flags: FLAGS, peer: first })];
  const { ca = "" } = loadKubeconfig(first.kubeconfig);
  balancer = await openBalancer(servers.map(portOf), ca);
  const text = await readFile(first.kubeconfig, "utf8");
  kubeconfig = join(first.directory, "balanced.kubeconfig");
  await writeFile(kubeconfig, text.replace(`:${portOf(first)}`, `:${balancer.port}`));
});

afterAll(async () => {
  await balancer[Symbol.asyncDispose]();
  for (const server of servers) await server[Symbol.asyncDispose]();
  await nats[Symbol.asyncDispose]();
});

function portOf(server: ApiServerProcess): number {
  return Number(new URL(loadKubeconfig(server.kubeconfig).server).port);
}

/** Does something again and again until the signal; gives how often, and throws its failure. */
async function repeat(signal: AbortSignal, act: (turn: number) => Promise<void>): Promise<number> {
  let turns = 0;
  for (; !signal.aborted; turns += 1) await act(turns);
  return turns;
}

function configMap(name: string): ConfigMap {
  return { apiVersion: "v1", kind: "ConfigMap", metadata: { name, namespace: NAMESPACE } };
}

/** Writes and reads through one client that keeps its connections. */
function useClient(rest: RestClient, number: number, signal: AbortSignal): Promise<number> {
  return repeat(signal, async (turn) => {
    const ref = { name: `rolled-${number}-${turn}`, namespace: NAMESPACE };
    await rest.create(Kinds.ConfigMap, configMap(ref.name));
    const body = { data: { turn: String(turn) } };
    await rest.patch(Kinds.ConfigMap, ref, { type: "merge", body });
    expect((await rest.get(Kinds.ConfigMap, ref)).data).toEqual(body.data);
    await rest.delete(Kinds.ConfigMap, ref);
  });
}

function useKubectl(number: number, signal: AbortSignal): Promise<number> {
  const { directory } = servers[0] as ApiServerProcess;
  const kubectl = async (...args: string[]): Promise<void> => {
    const { code, stderr } = await runKubectl({ kubeconfig, directory }, args);
    expect([args, code, stderr]).toEqual([args, 0, ""]);
  };
  return repeat(signal, async (turn) => {
    const name = `kubectl-${number}-${turn}`;
    await kubectl("create", "configmap", name, "--from-literal=a=b");
    await kubectl("get", "configmap", name);
    await kubectl("delete", "configmap", name);
  });
}

it(
  "no request fails while one server after the other is restarted",
  { timeout: 300_000 },
  async () => {
    const end = new AbortController();
    await using rest = createRestClient({ ...loadKubeconfig(kubeconfig), userAgent: "test" });
    const work = Promise.all([
      ...[1, 2, 3].map((number) => useClient(rest, number, end.signal)),
      ...(hasKubectl ? [useKubectl(1, end.signal)] : []),
    ]);
    const roll = async (): Promise<void> => {
      for (const server of servers) {
        await server.kill("SIGTERM");
        expect(server.exitCode).toBe(0);
        await server.restart();
        await waitFor(() => balancer.ready().length === 2, { timeoutMs: 60_000 });
      }
    };
    await Promise.race([roll(), work]).finally(() => end.abort());
    for (const turns of await work) expect(turns).toBeGreaterThan(1);
  },
);

it(
  "a server that is stopped fails readyz, finishes what it began, and ends watches",
  { timeout: 300_000 },
  async () => {
    const [server] = servers as [ApiServerProcess];
    const { server: origin, ca, cert, key } = loadKubeconfig(server.kubeconfig);
    const tls = { ca, cert, key, agent: false } as const;
    const path = `${origin}/api/v1/namespaces/${NAMESPACE}/configmaps`;
    const watch = request(`${path}?watch=1`, tls).end();
    const [events] = await once(watch, "response");
    const begun = request(path, {
      ...tls,
      method: "POST",
      headers: { "content-type": "application/json", expect: "100-continue" },
    });
    const answered = once(begun, "response");
    // The server has read the head when it asks for the body.
    await once(begun, "continue");
    begun.write('{"metadata":{"name":');

    const stopped = server.kill("SIGTERM");
    const health = async (name: string): Promise<[number | undefined, string | undefined]> => {
      const asked = request(`${origin}/${name}`, tls).end();
      const [{ statusCode, headers }] = await once(asked, "response");
      return [statusCode, headers.connection];
    };
    await waitFor(async () => (await health("readyz"))[0] === 500);
    expect(await health("livez")).toEqual([200, "close"]);
    events.resume();
    // A connection that broke would be an error.
    await once(events, "end");
    begun.end('"begun"}}');
    const [answer] = await answered;
    expect([answer.statusCode, answer.headers.connection]).toEqual([201, "close"]);
    answer.resume();
    await stopped;
    expect(server.exitCode).toBe(0);
  },
);

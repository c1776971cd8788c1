import { connectBus, openRegistry } from "@kubehop/client";
import type { NatsServer } from "@kubehop/testkit";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { once } from "node:events";
import { Pool } from "undici";
import { findProgram, spawnQuietly } from "./forward-processes.ts";
import { type LoadOptions, type LoadSummary, runLoad } from "./load.ts";

const SILENT = { debug() {}, info() {}, warn() {}, error() {} };

/** JetStream's own rate: the API server's writes without the API server, from one connection. */
export async function measureJetStream(
  nats: NatsServer,
  value: Buffer,
  options: LoadOptions,
): Promise<LoadSummary> {
  const { url, passwords } = nats;
  const who = { user: "apiserver", password: passwords.apiserver, name: "bench" } as const;
  await using bus = await connectBus({ url, ...who, logger: SILENT });
  await using registry = await openRegistry(bus);
  return await runLoad(async (index) => {
    await registry.create(`configmaps.bench.put-${index}`, value);
  }, options);
}

/**
 * etcd's rate through its HTTP gateway, with the store on disk as it is by default; undefined when
 * etcd is not installed.
 */
export async function measureEtcd(
  value: Buffer,
  options: LoadOptions,
): Promise<LoadSummary | undefined> {
  if (findProgram("etcd") === undefined) return undefined;
  await using stack = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), "kubehop-bench-etcd-"));
  stack.defer(() => rm(folder, { recursive: true, force: true }));
  const [client, peer] = [await freePort(), await freePort()];
  const url = `http://127.0.0.1:${client}`;
  stack.use(
    spawnQuietly("etcd", [
      `--data-dir=${folder}`,
      `--listen-client-urls=${url}`,
      `--advertise-client-urls=${url}`,
      `--listen-peer-urls=http://127.0.0.1:${peer}`,
      "--logger=zap",
      "--log-outputs=/dev/null",
    ]),
  );
  const pool = new Pool(url, { connections: options.concurrency });
  stack.defer(() => pool.destroy());
  const put = async (key: string): Promise<void> => {
    const body = { key: Buffer.from(key).toString("base64"), value: value.toString("base64") };
    const answer = await pool.request({
      method: "POST",
      path: "/v3/kv/put",
      body: JSON.stringify(body),
    });
    await answer.body.text();
    if (answer.statusCode !== 200) throw new Error(`etcd answered ${answer.statusCode}`);
  };
  await untilServed(() => put("first"));
  return await runLoad((index) => put(`/registry/configmaps/bench/put-${index}`), options);
}

async function untilServed(attempt: () => Promise<void>): Promise<void> {
  const deadline = performance.now() + 10_000;
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if (performance.now() > deadline) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  return typeof address === "object" && address !== null ? address.port : 0;
}

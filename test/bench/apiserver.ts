import { loadKubeconfig, type RestOptions } from "@kubehop/client";
import {
  type ApiServerProcess,
  type NatsServer,
  startApiServer,
  startNats,
} from "@kubehop/testkit";
import { readFileSync } from "node:fs";
import { Pool } from "undici";
import { descendants } from "../support/processes.ts";
import { forkHere, nextMessage } from "./forward-processes.ts";
import { type LoadSummary, runLoad } from "./load.ts";
import { percentile } from "./percentile.ts";
import { measureEtcd, measureJetStream } from "./put-peers.ts";
import type { BenchOptions, BenchRow } from "./row.ts";
import type { FanOutReport, FanOutRequest } from "./watch-fan-out.ts";

const CONCURRENCY = 64;
const LISTERS = 8;
const SERVICES = 10_000;
const WATCHERS = 1_000;
const CHANGES = 20;
const RESTARTS = 3;
const LISTS = 5;
/** A measurement's share of the time, at most. */
const MAX_SECONDS = 5;
const WARM_UP_SECONDS = 3;

const CONFIG_MAPS = "/api/v1/namespaces/default/configmaps";
const SERVICES_PATH = "/api/v1/namespaces/default/services";
const MERGE = "application/merge-patch+json";

interface Bench {
  readonly server: ApiServerProcess;
  readonly nats: NatsServer;
  readonly options: RestOptions;
  readonly seconds: number;
  send(method: "GET" | "POST" | "PATCH", path: string, body?: object): Promise<number>;
}

/**
 * The API server as a process of its own over a nats-server, with clients over TLS in this process:
 * all share the machine's cores. Beside the writes stand JetStream's own puts of the same bytes, as
 * many at a time, and etcd's when it is installed, all of them warm; Services are created by a
 * fresh process.
 */
export async function run({ seconds }: BenchOptions): Promise<BenchRow[]> {
  await using nats = await startNats();
  await using server = await startApiServer(nats);
  const options = loadKubeconfig(server.kubeconfig);
  const { server: origin, ca = "", cert = "", key = "" } = options;
  await using pool = disposable(
    new Pool(origin, { connections: CONCURRENCY, connect: { ca, cert, key } }),
  );
  const send: Bench["send"] = async (method, path, body) => {
    const contentType = method === "PATCH" ? MERGE : "application/json";
    const answer = await pool.request({
      method,
      path,
      headers: { "content-type": contentType },
      body: body === undefined ? null : JSON.stringify(body),
    });
    let bytes = 0;
    for await (const chunk of answer.body) bytes += (chunk as Buffer).length;
    if (answer.statusCode >= 300) throw new Error(`${method} ${path}: ${answer.statusCode}`);
    return bytes;
  };
  const bench = { server, nats, options, seconds: Math.min(seconds, MAX_SECONDS), send };
  const startUp = await measureStartUp(bench);
  return [
    startUp,
    ...(await measureServices(bench)),
    ...(await measureFanOut(bench)),
    // Last: what they and JetStream's puts leave in the registry is in this server's caches too.
    ...(await measureVerbs(bench)),
  ];
}

async function measureStartUp({ server }: Bench): Promise<BenchRow> {
  const times: number[] = [];
  for (let round = 0; round < RESTARTS; round += 1) {
    const started = performance.now();
    await server.restart();
    times.push(performance.now() - started);
  }
  return row(`start to ready (median of ${RESTARTS})`, "ms", percentile(times, 50));
}

async function measureVerbs(bench: Bench): Promise<BenchRow[]> {
  const { nats, seconds, send } = bench;
  const load = { concurrency: CONCURRENCY, seconds, warmUpSeconds: WARM_UP_SECONDS };
  const create = await runLoad(async (index) => {
    await send("POST", CONFIG_MAPS, configMap(`load-${index}`));
  }, load);
  const nameOf = (index: number): string => `${CONFIG_MAPS}/load-${index % create.count}`;
  const get = await runLoad(async (index) => void (await send("GET", nameOf(index))), load);
  const patch = await runLoad(async (index) => {
    await send("PATCH", nameOf(index), { data: { round: String(index) } });
  }, load);
  const value = Buffer.from(JSON.stringify(configMap("stored-bytes-of-a-config-map")));
  const jetStream = await measureJetStream(nats, value, load);
  const etcd = await measureEtcd(value, load);
  return [
    ...rowsOf("create", create, jetStream),
    ...rowsOf("patch", patch, jetStream),
    ...rowsOf("get", get),
    ...(etcd === undefined
      ? []
      : [row("create, beside etcd", "/s", create.perSecond, "etcd, HTTP gateway", etcd)]),
  ];
}

async function measureServices({ send, seconds }: Bench): Promise<BenchRow[]> {
  const load = { concurrency: CONCURRENCY, count: SERVICES };
  const create = await runLoad(async (index) => {
    await send("POST", SERVICES_PATH, headlessService(`svc-${index}`));
  }, load);
  const before = memoryOf("VmRSS");
  const times: number[] = [];
  let bytes = 0;
  for (let round = 0; round < LISTS; round += 1) {
    const started = performance.now();
    bytes = await send("GET", SERVICES_PATH);
    times.push(performance.now() - started);
  }
  const page = await runLoad(async () => void (await send("GET", `${SERVICES_PATH}?limit=500`)), {
    concurrency: LISTERS,
    seconds,
  });
  return [
    ...rowsOf("create a Service, fresh process", create),
    row(`LIST of ${SERVICES} Services (median of ${LISTS})`, "ms", percentile(times, 50)),
    row(`LIST of ${SERVICES} Services`, "MB", bytes / 1e6),
    row(`memory with ${SERVICES} Services, RSS`, "MiB", before),
    row(`memory after ${LISTS} such lists, RSS`, "MiB", memoryOf("VmRSS")),
    row(`list 500 Services, ${LISTERS} at a time`, "/s", page.perSecond),
    row(`list 500 Services, ${LISTERS} at a time, p99`, "ms", page.p99),
  ];
}

async function measureFanOut({ options, send }: Bench): Promise<BenchRow[]> {
  await using watchers = forkHere("watch-fan-out.ts");
  const name = "fan-out";
  await send("POST", CONFIG_MAPS, configMap(name));
  const path = `${CONFIG_MAPS}?watch=1&fieldSelector=metadata.name%3D${name}`;
  const { server, ca = "", cert = "", key = "" } = options;
  const order: FanOutRequest = {
    server: { server, ca, cert, key },
    path,
    watchers: WATCHERS,
    changes: CHANGES,
  };
  watchers.send(order);
  await nextMessage<FanOutReport>(watchers);
  const done = nextMessage<FanOutReport>(watchers);
  for (let change = 0; change < CHANGES; change += 1) {
    const sent = String(performance.timeOrigin + performance.now());
    await send("PATCH", `${CONFIG_MAPS}/${name}`, { data: { sent } });
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
  const report = await done;
  const latencies = "latenciesMs" in report ? report.latenciesMs : [];
  return [
    row(`a change reaches ${WATCHERS} watchers, p50`, "ms", percentile(latencies, 50)),
    row(`a change reaches ${WATCHERS} watchers, p99`, "ms", percentile(latencies, 99)),
  ];
}

function configMap(name: string): object {
  const data = { text: "x".repeat(200) };
  return { apiVersion: "v1", kind: "ConfigMap", metadata: { name, namespace: "default" }, data };
}

function headlessService(name: string): object {
  const spec = { clusterIP: "None", selector: { app: name }, ports: [{ name: "http", port: 80 }] };
  return { apiVersion: "v1", kind: "Service", metadata: { name, labels: { app: name } }, spec };
}

function rowsOf(what: string, load: LoadSummary, peer?: LoadSummary): BenchRow[] {
  const each = `${what}, ${CONCURRENCY} at a time`;
  return [
    row(each, "/s", load.perSecond, "JetStream's own puts", peer),
    row(`${each}, p99`, "ms", load.p99),
  ];
}

function row(
  name: string,
  unit: string,
  value: number,
  peerName = "",
  peer?: LoadSummary,
): BenchRow {
  return {
    name,
    unit,
    value,
    ...(peer !== undefined && { peer: { name: peerName, value: peer.perSecond } }),
  };
}

/** Memory of the API server's process, MiB. */
function memoryOf(field: "VmRSS" | "VmHWM"): number {
  const one = descendants(process.pid).find(({ command }) =>
    command.includes("services/apiserver"),
  );
  const status = readFileSync(`/proc/${one?.pid ?? 0}/status`, "utf8");
  return Number(new RegExp(`^${field}:\\s+(\\d+) kB`, "m").exec(status)?.[1] ?? 0) / 1_024;
}

function disposable(pool: Pool): Pool & AsyncDisposable {
  return Object.assign(pool, { [Symbol.asyncDispose]: () => pool.destroy() });
}

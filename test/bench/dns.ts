import { execFile } from "node:child_process";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import type { DnsLoadRequest, DnsLoadResult } from "./dns-load.ts";
import {
  cpuMicroseconds,
  findProgram,
  forkHere,
  nextMessage,
  spawnQuietly,
} from "./forward-processes.ts";
import type { BenchOptions, BenchRow } from "./row.ts";

const SERVER = "../../services/dns/src/testing/bench-server.ts";
const SERVICES = 1_000;
const ROUNDS = 3;
/** A round's share of a measurement, at most. */
const MAX_ROUND_SECONDS = 2;
/** Queries under way at the same time. */
const OUTSTANDING = 64;
const execute = promisify(execFile);

interface Target {
  readonly name: string;
  readonly port: number;
  readonly pid: number;
}

interface Sample {
  readonly perSecond: number;
  /** CPU time of the server for one answer, in microseconds. */
  readonly cpuUs: number;
}

/**
 * Measures the DNS server with the cluster's Corefile over UDP, in a process of its own, and
 * dnsmasq with the same names when it is installed. The load is dnsperf's when it is installed,
 * else an own generator's. Server and load share the machine's cores.
 */
export async function run({ seconds }: BenchOptions): Promise<BenchRow[]> {
  await using stack = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), "kubehop-bench-dns-"));
  stack.defer(() => rm(folder, { recursive: true, force: true }));
  const server = stack.use(forkHere(SERVER, String(SERVICES)));
  const port = await nextMessage<number>(server);
  const targets: Target[] = [{ name: "kubehop", port, pid: server.pid as number }];
  const dnsmasq = await startDnsmasq(stack, folder);
  if (dnsmasq !== undefined) targets.push(dnsmasq);
  const rows: BenchRow[] = [];
  for (const [label, queries] of [
    ["cluster mix", clusterMix()],
    ["one name", ["svc-1.default.svc.cluster.local A"]],
  ] as const) {
    const samples = new Map<string, Sample[]>(targets.map(({ name }) => [name, []]));
    const load = await createLoad(stack, join(folder, "queries.txt"), queries);
    for (let round = 0; round < ROUNDS; round++) {
      for (const target of targets) {
        const roundSeconds = Math.min(seconds / ROUNDS, MAX_ROUND_SECONDS);
        samples.get(target.name)?.push(await measure(target, load, roundSeconds));
      }
    }
    rows.push(...rowsOf(label, samples));
  }
  return rows;
}

/** 70 % A, 10 % AAAA (no data), 15 % names of the search path (missing), 5 % SRV. */
function clusterMix(): string[] {
  return Array.from({ length: 2_000 }, (_, index) => {
    const name = `svc-${(index * 7) % SERVICES}.default.svc.cluster.local`;
    const kind = index % 20;
    if (kind < 14) return `${name} A`;
    if (kind < 16) return `${name} AAAA`;
    if (kind < 19) return `www.example${index % 100}.com.default.svc.cluster.local A`;
    return `_http._tcp.${name} SRV`;
  });
}

type Load = (port: number, seconds: number) => Promise<DnsLoadResult>;

async function createLoad(
  stack: AsyncDisposableStack,
  file: string,
  queries: readonly string[],
): Promise<Load> {
  const dnsperf = findProgram("dnsperf");
  if (dnsperf !== undefined) {
    await writeFile(file, `${queries.join("\n")}\n`);
    return (port, seconds) => loadByDnsperf(dnsperf, { file, port, seconds });
  }
  const generator = stack.use(forkHere("dns-load.ts"));
  return async (port, seconds) => {
    const answer = nextMessage<DnsLoadResult>(generator);
    generator.send({ port, seconds, queries, outstanding: OUTSTANDING } satisfies DnsLoadRequest);
    return answer;
  };
}

async function loadByDnsperf(
  program: string,
  { file, port, seconds }: { file: string; port: number; seconds: number },
): Promise<DnsLoadResult> {
  const { stdout } = await execute(program, [
    "-s127.0.0.1",
    `-p${port}`,
    `-d${file}`,
    "-c16",
    `-q${OUTSTANDING}`,
    `-l${Math.max(1, Math.round(seconds))}`,
  ]);
  const perSecond = Number(/Queries per second:\s+([\d.]+)/.exec(stdout)?.[1]);
  const answers = Number(/Queries completed:\s+(\d+)/.exec(stdout)?.[1]);
  if (!(perSecond > 0)) throw new Error(`dnsperf measured nothing: ${stdout}`);
  return { perSecond, answers };
}

async function measure(target: Target, load: Load, seconds: number): Promise<Sample> {
  const before = cpuMicroseconds(target.pid);
  const { perSecond, answers } = await load(target.port, seconds);
  if (answers === 0) throw new Error(`${target.name} answered nothing`);
  return { perSecond, cpuUs: (cpuMicroseconds(target.pid) - before) / answers };
}

function rowsOf(label: string, samples: ReadonlyMap<string, readonly Sample[]>): BenchRow[] {
  const own = samples.get("kubehop") ?? [];
  const peer = samples.get("dnsmasq");
  const row = (name: string, unit: string, pick: (sample: Sample) => number): BenchRow => ({
    name: `DNS, ${label}, ${name}`,
    unit,
    value: median(own.map(pick)),
    ...(peer === undefined ? {} : { peer: { name: "dnsmasq", value: median(peer.map(pick)) } }),
  });
  return [
    row("answers", "1/s", ({ perSecond }) => perSecond),
    row("CPU an answer", "us", ({ cpuUs }) => cpuUs),
  ];
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

/** dnsmasq with the same names from a hosts file; it has no SRV and answers those NXDOMAIN. */
async function startDnsmasq(
  stack: AsyncDisposableStack,
  folder: string,
): Promise<Target | undefined> {
  const program = findProgram("dnsmasq");
  if (program === undefined) return undefined;
  const hosts = join(folder, "hosts");
  const lines = Array.from(
    { length: SERVICES },
    (_, index) => `10.96.${index >> 8}.${index & 255} svc-${index}.default.svc.cluster.local`,
  );
  await writeFile(hosts, `${lines.join("\n")}\n`, { mode: 0o644 });
  const port = await freePort();
  const child = stack.use(
    spawnQuietly(program, [
      "--keep-in-foreground",
      "--conf-file=/dev/null",
      "--no-resolv",
      "--no-hosts",
      "--bind-interfaces",
      "--listen-address=127.0.0.1",
      `--port=${port}`,
      "--user=",
      "--group=",
      `--addn-hosts=${hosts}`,
      "--local=/cluster.local/",
      "--local-ttl=30",
      "--pid-file=",
    ]),
  );
  await untilAnswering(port);
  return { name: "dnsmasq", port, pid: child.pid as number };
}

/**
 * A UDP port that is free, below the range of outgoing connections: after a load test many ports of
 * that range are in TIME_WAIT, and dnsmasq wants the same number for TCP.
 */
async function freePort(): Promise<number> {
  for (let port = FIRST_PORT; port < FIRST_PORT + START_ATTEMPTS; port++) {
    const socket = createSocket("udp4");
    const bound = once(socket, "listening").then(
      () => true,
      () => false,
    );
    socket.bind(port, "127.0.0.1");
    const isFree = await bound;
    socket.close();
    if (isFree) return port;
  }
  throw new Error(`no UDP port from ${FIRST_PORT} on is free`);
}

const FIRST_PORT = 20_053;
const START_ATTEMPTS = 50;

/** Asks until there is an answer; rejects after five seconds. */
async function untilAnswering(port: number): Promise<void> {
  const question = Buffer.from("0001010000010000000000000000010001", "hex");
  for (let attempt = 0; attempt < START_ATTEMPTS; attempt++) {
    const socket = createSocket("udp4");
    try {
      socket.send(question, port, "127.0.0.1");
      await once(socket, "message", { signal: AbortSignal.timeout(100) });
      return;
    } catch {
      // Not listening yet.
    } finally {
      socket.close();
    }
  }
  throw new Error(`nothing answers on port ${port}`);
}

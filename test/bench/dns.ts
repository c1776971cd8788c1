import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { measureChanges } from "./dns-change.ts";
import { ENDPOINTS, SERVICES, startDnsCluster } from "./dns-cluster.ts";
import { type DnsCase, dnsCases } from "./dns-queries.ts";
import { bundlePrograms, type DnsTarget, startKubehop, startPeers } from "./dns-targets.ts";
import { cpuMicroseconds, findProgram } from "./forward-processes.ts";
import { percentile } from "./percentile.ts";
import type { BenchOptions, BenchRow } from "./row.ts";

const ROUNDS = 3;
/** A round's share of a measurement, at most. */
const MAX_ROUND_SECONDS = 2;
/** Queries a second while their latency is taken. */
const LATENCY_RATE = 5_000;
const KIB_PER_MIB = 1024;
const execute = promisify(execFile);

interface Sample {
  readonly perSecond: number;
  /** CPU time of the server for one answer, in microseconds. */
  readonly cpuUs: number;
}

type Samples = ReadonlyMap<string, Sample[]>;

/**
 * Measures the DNS server with the cluster's whole Corefile, as a process of its own that follows a
 * real registry of 10,000 Services and 50,000 endpoints: with one thread and with two, beside the
 * other servers that are installed, by dnsperf. All share the machine's cores, the load included.
 */
export async function run({ seconds }: BenchOptions): Promise<BenchRow[]> {
  const dnsperf = findProgram("dnsperf");
  if (dnsperf === undefined) throw new Error("dnsperf is not installed (package dnsperf)");
  await using stack = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), "kubehop-bench-dns-"));
  stack.defer(() => rm(folder, { recursive: true, force: true }));
  const cluster = stack.use(await startDnsCluster());
  const { nats } = cluster;
  const where = { stack, folder, programs: await bundlePrograms(folder) };
  const one = await startKubehop(where, { nats, name: "kubehop", lines: {} });
  const idle = residentMib(one.pid);
  const lines = { multisocket: "multisocket 2" };
  const two = await startKubehop(where, { nats, name: "kubehop, two threads", lines });
  const peers = await startPeers(where);
  const load: Load = { dnsperf, file: join(folder, "queries.txt"), seconds };
  const rows: BenchRow[] = [];
  for (const each of dnsCases()) {
    await writeFile(load.file, `${each.queries.join("\n")}\n`);
    const samples = await measureCase(load, each, [one, two, ...peers]);
    rows.push(...rowsOf(each.label, samples, peers));
    if (each.label === "1,000 names hot") rows.push(...(await latencyRows(load, one, peers)));
  }
  const size = `${SERVICES} Services and ${SERVICES * ENDPOINTS} endpoints`;
  return [
    ...rows,
    { name: `DNS, RSS with ${size}, before the load`, unit: "MiB", value: idle },
    { name: `DNS, RSS with ${size}, after it`, unit: "MiB", value: residentMib(one.pid) },
    { name: `DNS, two threads, RSS after it`, unit: "MiB", value: residentMib(two.pid) },
    ...(await measureChanges(cluster, where)),
  ];
}

interface Load {
  readonly dnsperf: string;
  readonly file: string;
  readonly seconds: number;
}

/** Targets in turn, so that what else the machine does meets all of them. */
async function measureCase(load: Load, each: DnsCase, targets: DnsTarget[]): Promise<Samples> {
  const samples = new Map<string, Sample[]>(targets.map(({ name }) => [name, []]));
  const length = Math.max(1, Math.round(Math.min(load.seconds / ROUNDS, MAX_ROUND_SECONDS)));
  for (let round = 0; round < (each.once ? 1 : ROUNDS); round++) {
    for (const target of targets) {
      const limit = each.once ? ["-n1"] : [`-l${length}`];
      samples.get(target.name)?.push(await measure(load, target, [...each.flags, ...limit]));
    }
  }
  return samples;
}

async function measure(load: Load, target: DnsTarget, flags: string[]): Promise<Sample> {
  const before = cpuMicroseconds(target.pid);
  const output = await perform(load, target, ["-c16", "-q64", ...flags]);
  const perSecond = Number(/Queries per second:\s+([\d.]+)/.exec(output)?.[1]);
  const answers = Number(/Queries completed:\s+(\d+)/.exec(output)?.[1]);
  if (!(perSecond > 0)) throw new Error(`${target.name} answered nothing: ${output}`);
  return { perSecond, cpuUs: (cpuMicroseconds(target.pid) - before) / answers };
}

async function perform(load: Load, { port }: DnsTarget, flags: string[]): Promise<string> {
  const argv = ["-s127.0.0.1", `-p${port}`, `-d${load.file}`, ...flags];
  const { stdout } = await execute(load.dnsperf, argv, { maxBuffer: 64 * 1024 * 1024 });
  return stdout;
}

function rowsOf(label: string, samples: Samples, peers: readonly DnsTarget[]): BenchRow[] {
  const median = (target: string, pick: (sample: Sample) => number): number =>
    percentile((samples.get(target) ?? []).map(pick), 50);
  const rate = ({ perSecond }: Sample): number => perSecond;
  const cpu = ({ cpuUs }: Sample): number => cpuUs;
  const rows: BenchRow[] = [];
  for (const own of ["kubehop", "kubehop, two threads"]) {
    const threads = own === "kubehop" ? "" : ", two threads";
    const add = (what: string, unit: string, pick: (sample: Sample) => number): void => {
      const row = { name: `DNS, ${label}${threads}, ${what}`, unit, value: median(own, pick) };
      rows.push(...againstPeers(row, peers, ({ name }) => median(name, pick)));
    };
    add("answers", "1/s", rate);
    add("CPU an answer", "us", cpu);
  }
  return rows;
}

/** The row once for each peer, or once alone. */
function againstPeers(
  row: BenchRow,
  peers: readonly DnsTarget[],
  valueOf: (peer: DnsTarget) => number,
): BenchRow[] {
  if (peers.length === 0) return [row];
  return peers.map((peer) => ({ ...row, peer: { name: peer.name, value: valueOf(peer) } }));
}

/** Latency of hot names at a rate that none of them is busy with. */
async function latencyRows(load: Load, own: DnsTarget, peers: DnsTarget[]): Promise<BenchRow[]> {
  const latencies = new Map<string, number[]>();
  for (const target of [own, ...peers]) latencies.set(target.name, await latenciesOf(load, target));
  return [50, 99].flatMap((percent) => {
    const of = ({ name }: DnsTarget): number => percentile(latencies.get(name) ?? [], percent);
    const name = `DNS, 1,000 names hot, p${percent} at ${LATENCY_RATE} queries/s`;
    return againstPeers({ name, unit: "us", value: of(own) }, peers, of);
  });
}

async function latenciesOf(load: Load, target: DnsTarget): Promise<number[]> {
  const output = await perform(load, target, ["-c16", `-Q${LATENCY_RATE}`, "-l2", "-v"]);
  const seconds = [...output.matchAll(/^> \w+ \S+ \w+ ([\d.]+)$/gm)].map(([, text]) =>
    Number(text),
  );
  return seconds.map((each) => each * 1e6);
}

function residentMib(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  return Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1]) / KIB_PER_MIB;
}

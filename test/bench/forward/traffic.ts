import type { ChildProcess } from "node:child_process";
import {
  cpuMicroseconds,
  forkHere,
  type LoadRequest,
  type LoadResult,
  nextMessage,
} from "./forward-processes.ts";
import { startHaproxy, startKubeProxy, startNginx, type Target } from "./forward-targets.ts";
import type { BenchOptions, BenchRow } from "./row.ts";

const BACKEND_IP = "127.0.0.1";
const ROUNDS = 3;
/** A round's share of a measurement, at most: five targets must be done within the part's time. */
const MAX_ROUND_SECONDS = 1.2;
/** One at a time for latency: nothing waits for anything but the way itself. */
const MEASUREMENTS: readonly (Omit<LoadRequest, "ip" | "port" | "seconds"> & { label: string })[] =
  [
    { label: "keep-alive requests", kind: "keep-alive", connections: 64 },
    { label: "new connections", kind: "new-connection", connections: 32 },
    { label: "one new connection at a time", kind: "new-connection", connections: 1 },
    { label: "one kept-alive request at a time", kind: "keep-alive", connections: 1 },
  ];

/**
 * Measures the TCP forwarder of kube-proxy against no proxy at all and, when they are installed,
 * nginx stream (one worker, default buffers) and HAProxy (one thread). All targets stand at once
 * and are measured in turn, round by round; each figure is the median of the rounds, and its peer
 * is the direct way. Generator, backend and target share this machine's cores, so ratios of
 * throughput are compressed: CPU time per request is the cleaner figure. kube-proxy runs from its
 * .ts source with nobody tracing.
 */
export async function run({ seconds }: BenchOptions): Promise<BenchRow[]> {
  await using stack = new AsyncDisposableStack();
  const backend = stack.use(forkHere("forward-backend.ts", BACKEND_IP));
  const behind = { ip: BACKEND_IP, port: await nextMessage<number>(backend) };
  const load = stack.use(forkHere("forward-load.ts"));
  const targets: Target[] = [{ name: "direct", ...behind }];
  targets.push(await startKubeProxy(stack, behind));
  targets.push(await startKubeProxy(stack, behind, ["--portable-accept=true"]));
  for (const start of [startNginx, startHaproxy]) {
    const peer = await start(stack, behind);
    if (peer !== undefined) targets.push(peer);
  }
  const samples = new Map<string, Sample[]>();
  const roundSeconds = Math.min(seconds / ROUNDS, MAX_ROUND_SECONDS);
  for (let round = 0; round < ROUNDS; round++) {
    for (const measurement of MEASUREMENTS) {
      for (const target of targets) {
        const sample = await measure(load, target, { ...measurement, seconds: roundSeconds });
        const key = `${measurement.label}, ${target.name}`;
        samples.set(key, [...(samples.get(key) ?? []), sample]);
      }
    }
  }
  return MEASUREMENTS.flatMap((measurement) => rowsOf(measurement, targets, samples));
}

interface Sample extends LoadResult {
  /** CPU time of the target's process for one request. */
  readonly cpuUs: number | undefined;
}

async function measure(
  load: ChildProcess,
  { ip, port, pid }: Target,
  { kind, connections, seconds }: Omit<LoadRequest, "ip" | "port">,
): Promise<Sample> {
  const before = pid === undefined ? 0 : cpuMicroseconds(pid);
  const answer = nextMessage<LoadResult>(load);
  load.send({ kind, connections, seconds, ip, port } satisfies LoadRequest);
  const result = await answer;
  if (result.count === 0) throw new Error(`no request to ${ip}:${port} was answered`);
  const cpuUs = pid === undefined ? undefined : (cpuMicroseconds(pid) - before) / result.count;
  return { ...result, cpuUs };
}

function rowsOf(
  { label, connections }: (typeof MEASUREMENTS)[number],
  targets: readonly Target[],
  samples: ReadonlyMap<string, readonly Sample[]>,
): BenchRow[] {
  const of = (name: string, read: (sample: Sample) => number): number =>
    median((samples.get(`${label}, ${name}`) ?? []).map(read));
  return targets.flatMap(({ name, pid }) => {
    const row = (what: string, unit: string, read: (sample: Sample) => number): BenchRow => {
      const peer = { name: "direct", value: of("direct", read) };
      const row = { name: `${label}: ${what}, ${name}`, unit, value: of(name, read) };
      return pid === undefined ? row : { ...row, peer };
    };
    const rows =
      connections === 1
        ? [row("p50", "us", ({ p50Us }) => p50Us), row("p99", "us", ({ p99Us }) => p99Us)]
        : [row("rate", "1/s", ({ perSecond }) => perSecond)];
    if (pid === undefined) return rows;
    const cpu = of(name, ({ cpuUs }) => cpuUs ?? 0);
    return [...rows, { name: `${label}: CPU each, ${name}`, value: cpu, unit: "us" }];
  });
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

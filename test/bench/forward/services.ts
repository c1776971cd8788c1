import type { BenchOptions, BenchRow } from "../row.ts";
import { nextMessage, type OwnedProcess } from "../forward-processes.ts";
import {
  type BenchRegistry,
  type BenchService,
  createService,
  startKubeProxy,
  startRegistry,
  updateSlice,
} from "./kube-proxies.ts";
import { atBackends, type BenchNode, createNetwork } from "./network.ts";
import { askLoad, startProgram } from "./programs.ts";
import { readSyncTimes, waitForMode, waitForSyncs } from "./sync-times.ts";
import { BACKEND_PORTS, FRONT_PORTS } from "./wire.ts";

const MODES = ["userspace", "nftables", "iptables"] as const;
const COUNTS = [10, 1_000, 10_000] as const;
/** Changes of one endpoint each; the figure is their median. */
const CHANGES = 9;
const WRITES_AT_ONCE = 64;
const MAX_LATENCY_SECONDS = 1;
/** A program that has just been started is slow. */
const WARM_UP_SECONDS = 1;
/** Nobody is there: these Services only fill the table. */
const FILLERS = ["10.244.200.1", "10.244.200.2", "10.244.200.3"] as const;

/**
 * Measures what the number of Services costs each mode of kube-proxy: the first sync, which writes
 * everything; a sync after the change of one endpoint; and a new connection, one at a time, to the
 * Service that the rules have last. Each mode runs alone, on a node of its own, on one registry.
 */
export async function run({ seconds }: BenchOptions): Promise<BenchRow[]> {
  await using stack = new AsyncDisposableStack();
  const nodes = createNetwork(COUNTS.length * MODES.length);
  const backend = stack.use(startProgram("backend.ts", atBackends()));
  await nextMessage(backend);
  const load = stack.use(startProgram("load.ts"));
  const bench = stack.use(await startRegistry());
  const rows: BenchRow[] = [];
  let written = 0;
  for (const count of COUNTS) {
    await writeServices(bench, written, count);
    written = count;
    for (const mode of MODES) {
      const node = nodes.shift();
      if (node === undefined) throw new Error("too few nodes");
      rows.push(...(await measure({ bench, load, node, mode, count, seconds })));
    }
  }
  return rows;
}

interface Situation {
  readonly bench: BenchRegistry;
  readonly load: OwnedProcess;
  readonly node: BenchNode;
  readonly mode: string;
  readonly count: number;
  readonly seconds: number;
}

async function measure(situation: Situation): Promise<BenchRow[]> {
  const { bench, load, node, mode, count, seconds } = situation;
  const probe = probeOf(node);
  await createService(bench.registry, probe);
  await using child = startKubeProxy(node, bench, mode, ["--workers=1"]);
  if ((await waitForMode(child, node)) !== mode) {
    return [{ name: `not measured: ${mode} (this machine cannot do it)`, unit: "", value: 0 }];
  }
  await waitForSyncs(child, node, 1);
  const { fullMs } = await readSyncTimes(node);
  const changeMs = await timeChanges(situation, child);
  const connections = {
    kind: "new-connection",
    ip: node.clusterIp,
    port: FRONT_PORTS.plain,
    connections: 1,
  } as const;
  await askLoad(load, { ...connections, seconds: WARM_UP_SECONDS });
  const latencySeconds = Math.min(seconds, MAX_LATENCY_SECONDS);
  const { p50Us, p99Us } = await askLoad(load, { ...connections, seconds: latencySeconds });
  const row = (what: string, unit: string, value: number): BenchRow => ({
    name: `${count} Services: ${what}, ${mode}`,
    unit,
    value,
    point: { chart: `${what}, ${unit}`, series: mode, x: count },
  });
  return [
    row("full sync", "ms", fullMs),
    row("one endpoint change", "ms", changeMs),
    row("new connection p50", "us", p50Us),
    row("new connection p99", "us", p99Us),
  ];
}

/** The time of the syncs that follow changes of one endpoint, the median of them. */
async function timeChanges({ bench, node }: Situation, child: OwnedProcess): Promise<number> {
  const times: number[] = [];
  for (let n = 0; n < CHANGES; n++) {
    const before = await readSyncTimes(node);
    const endpoints = FILLERS.slice(0, 2 + (n % 2));
    await updateSlice(bench.registry, { ...fillerOf(0), endpoints });
    await waitForSyncs(child, node, before.syncs + 1);
    const after = await readSyncTimes(node);
    times.push((after.totalMs - before.totalMs) / (after.syncs - before.syncs));
  }
  return times.toSorted((a, b) => a - b)[Math.floor(CHANGES / 2)] ?? Number.NaN;
}

async function writeServices({ registry }: BenchRegistry, from: number, to: number): Promise<void> {
  let next = from;
  const writer = async (): Promise<void> => {
    while (next < to) await createService(registry, fillerOf(next++));
  };
  await Promise.all(Array.from({ length: WRITES_AT_ONCE }, writer));
}

function fillerOf(number: number): BenchService {
  return {
    name: `filler-${number}`,
    ip: `10.97.${number >> 8}.${number & 255}`,
    ports: [{ name: "web", protocol: "TCP", port: 80, targetPort: 8080 }],
    endpoints: FILLERS.slice(0, 2),
  };
}

/** Its name makes it the last of all. */
function probeOf({ namespace, clusterIp, backendIp }: BenchNode): BenchService {
  return {
    name: `probe-${namespace}`,
    ip: clusterIp,
    ports: [
      {
        name: "plain",
        protocol: "TCP",
        port: FRONT_PORTS.plain,
        targetPort: BACKEND_PORTS.plain,
      },
    ],
    endpoints: [backendIp],
  };
}

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { BenchOptions, BenchRow } from "../row.ts";
import { measureIdleConnections } from "./idle.ts";
import { cpuMicroseconds, findProgram, type OwnedProcess } from "../forward-processes.ts";
import { askLoad, type LoadRequest, startProgram } from "./programs.ts";
import { type Measured, type Measurement, rowsOf, ratioRows } from "./traffic-rows.ts";
import { startTargets, type Target } from "./targets.ts";
import type { FRONT_PORTS } from "./wire.ts";
import { runWrk } from "./wrk.ts";

const ROUNDS = 3;
/** A round's share of a measurement, at most: all must be done within the part's time. */
const MAX_ROUND_SECONDS = 0.8;

interface Load extends Measurement {
  readonly kind: LoadRequest["kind"];
  readonly port: keyof typeof FRONT_PORTS;
  readonly connections: number;
}

/** One at a time for latency: nothing waits for anything but the way itself. */
const LOADS: readonly Load[] = [
  { label: "keep-alive requests", shows: "rate", kind: "keep-alive", port: "web", connections: 64 },
  { label: "new connections", shows: "rate", kind: "new-connection", port: "web", connections: 32 },
  { label: "one stream", shows: "gbit", kind: "stream", port: "plain", connections: 1 },
  {
    label: "one kept-alive request at a time",
    shows: "latency",
    kind: "keep-alive",
    port: "plain",
    connections: 1,
  },
  {
    label: "one new connection at a time",
    shows: "latency",
    kind: "new-connection",
    port: "plain",
    connections: 1,
  },
  { label: "UDP, to and fro", shows: "rate", kind: "datagrams", port: "udp", connections: 100 },
];

/**
 * Measures the data planes of kube-proxy against the plain way to the backends, against bare rules of
 * translation, and against nginx stream, HAProxy and socat, when they are installed, each on a node of its own: a network namespace
 * between that of the clients and that of the backends. All stand at once and are measured in turn,
 * round by round; each figure is the median of the rounds. Clients, backends and target share this
 * machine's cores, so ratios of throughput are compressed: CPU time per request is the cleaner
 * figure. kube-proxy runs from its .ts source with nobody tracing. Throughput of requests is wrk
 * against nginx where they are installed, otherwise, as everything else, a generator and a server
 * in Node.js.
 */
export async function run({ seconds }: BenchOptions): Promise<BenchRow[]> {
  await using stack = new AsyncDisposableStack();
  const directory = stack.adopt(await mkdtemp(join(tmpdir(), "kubehop-bench-")), (path) =>
    rm(path, { recursive: true, force: true }),
  );
  const { targets, absent, web } = await startTargets(stack, directory);
  const load = stack.use(startProgram("load.ts"));
  const wrk = web ? findProgram("wrk") : undefined;
  const roundSeconds = Math.min(seconds / ROUNDS, MAX_ROUND_SECONDS);
  // Before all else: what a load leaves behind on a heap would be taken for that of connections.
  const idle = await measureIdleConnections(load, targets);
  const measured: Measured = new Map();
  for (let round = 0; round < ROUNDS; round++) {
    for (const each of LOADS) {
      const able = targets.filter(({ udp }) => udp || each.kind !== "datagrams");
      for (const target of able) {
        const sample = await measure({ load, wrk, web }, target, {
          ...each,
          seconds: roundSeconds,
        });
        const key = `${each.label}, ${target.name}`;
        measured.set(key, [...(measured.get(key) ?? []), sample]);
      }
    }
  }
  return [
    ...LOADS.flatMap((each) => rowsOf(each, targets, measured)),
    ...idle,
    ...ratioRows(measured),
    ...absent.map((name) => ({ name: `not measured: ${name}`, unit: "", value: 0 })),
  ];
}

interface Generators {
  readonly load: OwnedProcess;
  /** Where wrk is, when it can be used. */
  readonly wrk: string | undefined;
  /** Whether nginx stands at the port web. */
  readonly web: boolean;
}

async function measure(
  { load, wrk, web }: Generators,
  { ip, ports, pid }: Target,
  { kind, port, connections, seconds }: Load & { seconds: number },
) {
  const before = pid === undefined ? 0 : cpuMicroseconds(pid);
  const request = { kind, connections, seconds, ip, port: ports[web ? port : plainOf(port)] };
  const result =
    wrk !== undefined && port === "web" ? await runWrk(wrk, request) : await askLoad(load, request);
  if (result.count === 0 && kind !== "stream")
    throw new Error(`nobody answers at ${ip}:${request.port}`);
  const cpu = pid === undefined ? undefined : cpuMicroseconds(pid) - before;
  const cpuUs = cpu === undefined || result.count === 0 ? undefined : cpu / result.count;
  return { ...result, cpuUs };
}

/** Without a web server the plain one answers its requests as well. */
function plainOf(port: Load["port"]): Load["port"] {
  return port === "web" ? "plain" : port;
}

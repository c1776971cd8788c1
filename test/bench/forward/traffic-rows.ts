import type { BenchRow } from "../row.ts";
import type { LoadResult } from "./programs.ts";
import type { Target } from "./targets.ts";

/** What is told of a measurement. */
export interface Measurement {
  readonly label: string;
  readonly shows: "rate" | "gbit" | "latency";
}

/** One round of one measurement of one target. */
export interface Sample extends LoadResult {
  /** CPU time of the target's process for one request. */
  readonly cpuUs: number | undefined;
}

/** By `label, target`, round by round. */
export type Measured = Map<string, readonly Sample[]>;

interface Column {
  readonly what: string;
  readonly unit: string;
  readonly read: (sample: Sample) => number;
}

const COLUMNS: Readonly<Record<Measurement["shows"], readonly Column[]>> = {
  rate: [{ what: "rate", unit: "1/s", read: ({ perSecond }) => perSecond }],
  gbit: [{ what: "rate", unit: "Gbit/s", read: ({ gbitPerSecond }) => gbitPerSecond }],
  latency: [
    { what: "p50", unit: "us", read: ({ p50Us }) => p50Us },
    { what: "p99", unit: "us", read: ({ p99Us }) => p99Us },
  ],
};

/** The rows of a measurement: each target beside the direct way; latencies as what they add to it. */
export function rowsOf(
  { label, shows }: Measurement,
  targets: readonly Target[],
  measured: Measured,
): BenchRow[] {
  return targets.flatMap(({ name }) => {
    const samples = measured.get(`${label}, ${name}`) ?? [];
    const direct = measured.get(`${label}, direct`) ?? [];
    if (samples.length === 0) return [];
    const rows = COLUMNS[shows].map(({ what, unit, read }): BenchRow => {
      const value = median(samples.map(read));
      const row = { name: `${label}: ${what}, ${name}`, unit, value };
      if (name === "direct") return row;
      const peer = { name: "direct", value: median(direct.map(read)) };
      return { ...row, peer };
    });
    const cpu = samples.flatMap(({ cpuUs }) => cpuUs ?? []);
    if (cpu.length === 0) return rows;
    return [...rows, { name: `${label}: CPU each, ${name}`, value: median(cpu), unit: "us" }];
  });
}

/** What is wanted of the data planes, as ratios within the same round. */
export function ratioRows(measured: Measured): BenchRow[] {
  const rate = ({ perSecond, gbitPerSecond }: Sample): number => perSecond || gbitPerSecond;
  const ratio = (label: string, of: string, to: string): BenchRow[] => {
    const [values, peers] = [measured.get(`${label}, ${of}`), measured.get(`${label}, ${to}`)];
    if (values === undefined || peers === undefined) return [];
    const ratios = values.map((sample, round) => {
      const peer = peers[round];
      return peer === undefined ? Number.NaN : rate(sample) / rate(peer);
    });
    return [{ name: `ratio of ${label}: ${of} to ${to}`, unit: "x", value: median(ratios) }];
  };
  const added = (label: string, of: string): BenchRow[] => {
    const [values, direct] = [measured.get(`${label}, ${of}`), measured.get(`${label}, direct`)];
    if (values === undefined || direct === undefined) return [];
    const times = values.map(({ p50Us }, round) => p50Us - (direct[round]?.p50Us ?? 0));
    return [{ name: `${label}: p50 added by ${of}`, unit: "us", value: median(times) }];
  };
  return [
    ...["keep-alive requests", "new connections", "UDP, to and fro"].flatMap((label) => [
      ...ratio(label, "node", "nginx stream"),
      ...ratio(label, "epoll", "nginx stream"),
      ...ratio(label, "epoll, 2 workers", "epoll"),
    ]),
    ...["keep-alive requests", "new connections", "one stream", "UDP, to and fro"].flatMap(
      (label) => [
        ...ratio(label, "nftables", "direct"),
        ...ratio(label, "bare DNAT", "direct"),
        ...ratio(label, "nftables", "bare DNAT"),
      ],
    ),
    ...["one kept-alive request at a time", "one new connection at a time"].flatMap((label) =>
      ["node", "epoll", "nftables", "iptables", "nginx stream", "HAProxy"].flatMap((name) =>
        added(label, name),
      ),
    ),
  ];
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

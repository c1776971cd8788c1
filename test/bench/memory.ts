import { readFileSync } from "node:fs";
import { descendants } from "../support/processes.ts";
import type { HostProcess } from "../support/processes.ts";
import type { BenchRow } from "./row.ts";

const KIB_PER_MIB = 1024;

interface Usage {
  readonly rss: number;
  /** Shared pages counted in part, so that the sum over processes is true. */
  readonly pss: number;
}

/** Memory of every process of the lab that this process has started, per program and in all. */
export function run(): Promise<BenchRow[]> {
  const usages = new Map<string, Usage[]>();
  for (const one of descendants(process.pid)) {
    const usage = readUsage(one);
    const name = programOf(one.command);
    if (usage) usages.set(name, [...(usages.get(name) ?? []), usage]);
  }
  const rows = [...usages].sort(([a], [b]) => a.localeCompare(b)).flatMap(rowsOf);
  const all = [...usages.values()].flat();
  const total = { unit: "MiB", value: sum(all, "pss") };
  return Promise.resolve([...rows, { name: `memory, all ${all.length} processes, PSS`, ...total }]);
}

function rowsOf([name, usages]: [string, Usage[]]): BenchRow[] {
  const count = usages.length === 1 ? "" : ` (mean of ${usages.length})`;
  return [
    {
      name: `memory, ${name}${count}, PSS`,
      unit: "MiB",
      value: sum(usages, "pss") / usages.length,
    },
    {
      name: `memory, ${name}${count}, RSS`,
      unit: "MiB",
      value: sum(usages, "rss") / usages.length,
    },
  ];
}

function sum(usages: readonly Usage[], field: keyof Usage): number {
  return usages.reduce((total, usage) => total + usage[field], 0);
}

/** "kube-proxy", "sample-app backend", "nats-server", else the program's own name. */
function programOf(command: string): string {
  const service = /services\/([a-z-]+)\/src\/main\.ts(?: ([a-z-]+))?/.exec(command);
  if (service?.[1] === "sample-app") return `sample-app ${service[2] ?? ""}`.trim();
  if (service?.[1] !== undefined) return service[1];
  if (command.includes("sandbox/main.ts")) return "sandbox supervisor";
  return (command.split(" ")[0] ?? "").split("/").at(-1) ?? "";
}

function readUsage({ pid }: HostProcess): Usage | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/smaps_rollup`, "utf8");
    const field = (name: string): number =>
      Number(new RegExp(`^${name}:\\s+(\\d+) kB`, "m").exec(text)?.[1] ?? 0) / KIB_PER_MIB;
    return { rss: field("Rss"), pss: field("Pss") };
  } catch {
    return undefined;
  }
}

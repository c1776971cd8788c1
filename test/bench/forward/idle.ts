import { setTimeout as sleep } from "node:timers/promises";
import type { BenchRow } from "../row.ts";
import type { OwnedProcess } from "../forward-processes.ts";
import { askLoad, memoryBytes } from "./programs.ts";
import type { Target } from "./targets.ts";

/** Opened first: what a process sets aside once is not for each connection. */
const FIRST_CONNECTIONS = 2_000;
/** In all no more than a process here may have open: 20,000 files, two for a connection. */
const FURTHER_CONNECTIONS = 5_000;
/** A garbage collector and an allocator come to rest. */
const REST_MS = 500;

/** Memory that each of many idle connections takes in a forwarder's process (PSS; not the kernel's). */
export async function measureIdleConnections(
  load: OwnedProcess,
  targets: readonly Target[],
): Promise<BenchRow[]> {
  const rows: BenchRow[] = [];
  for (const { name, pid, ip, ports } of targets) {
    if (pid === undefined) continue;
    const open = (connections: number) =>
      askLoad(load, { kind: "hold", ip, port: ports.plain, seconds: 0, connections });
    await open(FIRST_CONNECTIONS);
    await sleep(REST_MS);
    const before = memoryBytes(pid);
    const { count } = await open(FURTHER_CONNECTIONS);
    await sleep(REST_MS);
    const value = (memoryBytes(pid) - before) / Math.max(1, count);
    const held = FIRST_CONNECTIONS + count;
    rows.push({ name: `${held} idle connections: memory each, ${name}`, unit: "bytes", value });
    await open(0);
  }
  return rows;
}

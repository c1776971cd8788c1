import { setTimeout as sleep } from "node:timers/promises";
import type { BenchRow } from "../row.ts";
import type { OwnedProcess } from "../forward-processes.ts";
import { askLoad, memoryBytes } from "./programs.ts";
import type { Target } from "./targets.ts";

/** What a node of a few thousand clients holds; a process here may have 20,000 files open. */
const CONNECTIONS = 7_000;
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
    const request = { ip, port: ports.plain, seconds: 0 };
    const before = memoryBytes(pid);
    const { count } = await askLoad(load, { ...request, kind: "hold", connections: CONNECTIONS });
    await sleep(REST_MS);
    const bytes = (memoryBytes(pid) - before) / Math.max(1, count);
    rows.push({
      name: `${count} idle connections: memory each, ${name}`,
      unit: "bytes",
      value: bytes,
    });
    await askLoad(load, { ...request, kind: "hold", connections: 0 });
  }
  return rows;
}

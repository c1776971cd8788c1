import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { nextMessage, owned, type OwnedProcess, spawnQuietly } from "../forward-processes.ts";

/** What the load generator is asked to do. */
export interface LoadRequest {
  readonly kind: "keep-alive" | "new-connection" | "stream" | "datagrams" | "hold";
  readonly ip: string;
  readonly port: number;
  readonly connections: number;
  readonly seconds: number;
}

/** What it counted. */
export interface LoadResult {
  readonly perSecond: number;
  readonly gbitPerSecond: number;
  readonly p50Us: number;
  readonly p99Us: number;
  readonly errors: number;
  readonly count: number;
}

/** Starts one of this folder's programs with a channel to it; `prefix` is a command to run it by. */
export function startProgram(file: string, prefix: readonly string[] = []): OwnedProcess {
  const program = [process.execPath, join(import.meta.dirname, file)];
  const [command = "", ...args] = [...prefix, ...program];
  return owned(spawn(command, args, { stdio: ["ignore", "inherit", "inherit", "ipc"] }));
}

/** Starts a command that runs by another, as `ip netns exec`. */
export function startCommand([command = "", ...argv]: readonly string[]): OwnedProcess {
  return spawnQuietly(command, argv);
}

/** Has the load generator do something. */
export async function askLoad(load: ChildProcess, request: LoadRequest): Promise<LoadResult> {
  const answer = nextMessage<LoadResult>(load);
  load.send(request);
  return await answer;
}

/** Memory of a process in bytes, shared pages counted in part (PSS). */
export function memoryBytes(pid: number): number {
  const text = readFileSync(`/proc/${pid}/smaps_rollup`, "utf8");
  return Number(/^Pss:\s+(\d+) kB/m.exec(text)?.[1] ?? 0) * 1_024;
}

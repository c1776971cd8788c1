import { readdirSync, readFileSync, readlinkSync } from "node:fs";

/** A process that cannot be mistaken for a later one with the same number. */
export interface ProcessId {
  readonly pid: number;
  /** Clock ticks from boot to its start (field 22 of /proc/PID/stat). */
  readonly startTime: string;
}

/** Reads a line of /proc/PID/stat; undefined when it is not one. */
export function parseStat(line: string): ProcessId | undefined {
  const end = line.lastIndexOf(")");
  const pid = Number.parseInt(line, 10);
  const startTime = line.slice(end + 2).split(" ")[19];
  return end < 0 || Number.isNaN(pid) || startTime === undefined ? undefined : { pid, startTime };
}

/** Whether that very process still runs; a zombie does not. */
export function isAlive(id: ProcessId): boolean {
  try {
    const stat = readFileSync(`/proc/${id.pid}/stat`, "latin1");
    const state = stat.slice(stat.lastIndexOf(")") + 2)[0];
    return parseStat(stat)?.startTime === id.startTime && state !== "Z" && state !== "X";
  } catch {
    return false;
  }
}

/** A process as it is now; undefined when it is gone. */
export function readProcess(pid: number): ProcessId | undefined {
  try {
    return parseStat(readFileSync(`/proc/${pid}/stat`, "latin1"));
  } catch {
    return undefined;
  }
}

/** Signals that very process; one that is gone is left alone. */
export function signalProcess(id: ProcessId, signal: NodeJS.Signals): void {
  if (!isAlive(id)) return;
  try {
    process.kill(id.pid, signal);
  } catch {
    // It ended between the check and the signal: what was wanted.
  }
}

/** What a process's UTS namespace is called ("uts:[4026532841]"); undefined when it is gone. */
export function utsNamespace(pid: number): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/ns/uts`);
  } catch {
    return undefined;
  }
}

/**
 * Kills every process of a UTS namespace, that is of a pod, and tells how many there were. It
 * reads all of /proc (about 10 µs a process); the caller's own namespace is refused.
 */
export function killNamespace(namespace: string): number {
  if (namespace === utsNamespace(process.pid)) {
    throw new Error(`${namespace} is the kubelet's own namespace; its processes are not a pod's.`);
  }
  const pids = readdirSync("/proc")
    .map(Number)
    .filter((pid) => pid > 1 && utsNamespace(pid) === namespace);
  for (const pid of pids) {
    try {
      process.kill(pid, "SIGKILL");
    } catch {
      // It ended between the look and the signal: what was wanted.
    }
  }
  return pids.length;
}

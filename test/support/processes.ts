import { readdirSync, readFileSync } from "node:fs";

/** A process of the host. */
export interface HostProcess {
  readonly pid: number;
  readonly parent: number;
  /** Arguments, joined by spaces. */
  readonly command: string;
}

/** Every process of the host, zombies left out. */
export function hostProcesses(): HostProcess[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map((name) => readProcess(Number(name)))
    .filter((found) => found !== undefined);
}

/** All processes below `pid`. */
export function descendants(pid: number): HostProcess[] {
  const all = hostProcesses();
  const found: HostProcess[] = [];
  let parents = new Set([pid]);
  while (parents.size > 0) {
    const children = all.filter((one) => parents.has(one.parent));
    found.push(...children);
    parents = new Set(children.map((child) => child.pid));
  }
  return found;
}

/** The processes of a pod that run a program, found by the host name every container gets. */
export function processesOfPod(pod: string, program: string): HostProcess[] {
  return hostProcesses().filter(
    (one) =>
      one.command.includes(program) &&
      readText(`/proc/${one.pid}/environ`).split("\0").includes(`HOSTNAME=${pod}`),
  );
}

/** Sends SIGKILL to the first of some processes; throws when there is none. */
export function killFirst(processes: readonly HostProcess[]): void {
  const [victim] = processes;
  if (!victim) throw new Error("there is no process to kill");
  process.kill(victim.pid, "SIGKILL");
}

/** Mounts of this mount namespace with `text` in them. */
export function mountsMentioning(text: string): string[] {
  return readText("/proc/self/mounts")
    .split("\n")
    .filter((line) => line.includes(text));
}

function readProcess(pid: number): HostProcess | undefined {
  const stat = readText(`/proc/${pid}/stat`);
  const [state, parent] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  if (parent === undefined || state === "Z") return undefined;
  const command = readText(`/proc/${pid}/cmdline`).split("\0").join(" ").trim();
  return { pid, parent: Number(parent), command };
}

function readText(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

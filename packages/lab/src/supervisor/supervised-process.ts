import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import type { LogFile } from "./log-file.ts";
import { type BackOffOptions, nextBackOff } from "./back-off.ts";
import type { ProcessSpec, ProcessStatus, SupervisorEvent } from "./process-spec.ts";

const PAGE_BYTES = 4096;

/** One process that is started again whenever it ends, until it is stopped. */
export interface SupervisedProcess {
  status(): ProcessStatus;
  /** Sends a signal; false when the process does not run now. */
  signal(signal: NodeJS.Signals): boolean;
  /** Ends it for good: SIGTERM, then SIGKILL after the grace time. */
  stop(graceMs: number): Promise<void>;
}

/** What a supervised process needs besides its spec. */
export interface SupervisedProcessOptions {
  readonly log: LogFile;
  readonly backOff: BackOffOptions;
  readonly onEvent: (event: SupervisorEvent) => void;
}

/** Starts a process and keeps it running. Never throws: a failed start is an exit. */
export function superviseProcess(
  spec: ProcessSpec,
  options: SupervisedProcessOptions,
): SupervisedProcess {
  let child: ChildProcess | undefined;
  let timer: NodeJS.Timeout | undefined;
  let ended = Promise.withResolvers<void>();
  let stopping = false;
  let restarts = 0;
  let backOffMs = 0;
  let startedAt = 0;
  let lastExit: string | undefined;

  const start = (): void => {
    timer = undefined;
    startedAt = Date.now();
    ended = Promise.withResolvers();
    const current = spawnSpec(spec, options.log);
    child = current;
    current.once("error", (error) => onEnd(current, `could not start: ${error.message}`));
    current.once("exit", (code, signal) => onEnd(current, signal ?? `exit code ${code}`));
    if (current.pid !== undefined) {
      options.onEvent({ type: "started", name: spec.name, pid: current.pid, restarts });
    }
  };

  const onEnd = (which: ChildProcess, reason: string): void => {
    if (child !== which) return;
    child = undefined;
    lastExit = reason;
    ended.resolve();
    if (stopping) {
      options.onEvent({ type: "exited", name: spec.name, reason, restarts });
      return;
    }
    backOffMs = nextBackOff(backOffMs, Date.now() - startedAt, options.backOff);
    restarts += 1;
    timer = setTimeout(start, backOffMs);
    options.onEvent({ type: "exited", name: spec.name, reason, retryMs: backOffMs, restarts });
  };

  start();
  return {
    status: () => ({
      name: spec.name,
      state: child === undefined ? (stopping ? "stopped" : "waiting") : "running",
      ...(child?.pid === undefined ? {} : { pid: child.pid, rssBytes: residentBytes(child.pid) }),
      restarts,
      startedAt,
      ...(lastExit === undefined ? {} : { lastExit }),
    }),
    signal: (signal) => child?.kill(signal) ?? false,
    async stop(graceMs) {
      stopping = true;
      clearTimeout(timer);
      if (child !== undefined) await endChild(child, ended.promise, graceMs);
    },
  };
}

async function endChild(child: ChildProcess, ended: Promise<void>, graceMs: number): Promise<void> {
  child.kill("SIGTERM");
  const kill = setTimeout(() => child.kill("SIGKILL"), graceMs);
  await ended;
  clearTimeout(kill);
}

function spawnSpec(spec: ProcessSpec, log: LogFile): ChildProcess {
  const [program, ...args] = spec.command;
  const extra = spec.listenFd === undefined ? [] : [spec.listenFd];
  return spawn(program, args, { env: spec.env, stdio: ["ignore", log.fd, log.fd, ...extra] });
}

/** Resident memory as /proc/PID/statm says; 0 when the process has just gone. */
function residentBytes(pid: number): number {
  try {
    return Number(readFileSync(`/proc/${pid}/statm`, "utf8").split(" ")[1]) * PAGE_BYTES;
  } catch {
    return 0;
  }
}

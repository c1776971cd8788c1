import { type BackOffOptions, DEFAULT_BACK_OFF } from "./back-off.ts";
import { type LogFile, logPath, openLogFile } from "./log-file.ts";
import type { ProcessSpec, ProcessStatus, SupervisorEvent } from "./process-spec.ts";
import { type SupervisedProcess, superviseProcess } from "./supervised-process.ts";

const LOG_CHECK_MS = 5_000;

/** What a supervisor needs. */
export interface SupervisorOptions {
  /** One file a process. */
  readonly logDirectory: string;
  readonly backOff?: BackOffOptions;
  /** How long a process may take after SIGTERM before it gets SIGKILL, in ms. */
  readonly graceMs?: number;
  readonly onEvent: (event: SupervisorEvent) => void;
}

/** Keeps processes running. Disposing it ends all of them at the same time, but those to end last. */
export interface Supervisor extends AsyncDisposable {
  /** Starts a process. Throws when there is one of that name. */
  readonly start: (spec: ProcessSpec) => void;
  /** In the order they were started. */
  status(): ProcessStatus[];
  /** Sends a signal to a process; false when there is none of that name or it does not run. */
  signal(name: string, signal: NodeJS.Signals): boolean;
}

/** Creates a supervisor without processes. */
export function createSupervisor(options: SupervisorOptions): Supervisor {
  const { backOff = DEFAULT_BACK_OFF, graceMs = 3_000, onEvent } = options;
  const processes = new Map<string, SupervisedProcess>();
  const last = new Set<SupervisedProcess>();
  const logs: LogFile[] = [];
  const timer = setInterval(() => logs.forEach((log) => log.bound()), LOG_CHECK_MS);
  return {
    start(spec) {
      if (processes.has(spec.name)) throw new Error(`There is a process "${spec.name}" already.`);
      const log = openLogFile(logPath(options.logDirectory, spec.name));
      logs.push(log);
      const process = superviseProcess(spec, { log, backOff, onEvent });
      processes.set(spec.name, process);
      if (spec.endsLast === true) last.add(process);
    },
    status: () => [...processes.values()].map((process) => process.status()),
    signal: (name, signal) => processes.get(name)?.signal(signal) ?? false,
    async [Symbol.asyncDispose]() {
      clearInterval(timer);
      const first = [...processes.values()].filter((process) => !last.has(process));
      for (const group of [first, [...last]]) {
        await Promise.all(group.map((process) => process.stop(graceMs)));
      }
      for (const log of logs.splice(0)) log[Symbol.dispose]();
    },
  };
}

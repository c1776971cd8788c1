/** How one process is run; plain data, so that it can cross a pipe. */
export interface ProcessSpec {
  /** Unique in a lab, e.g. "kube-proxy/node-1"; its log file is named after it. */
  readonly name: string;
  /** Program and arguments. */
  readonly command: readonly [string, ...string[]];
  /** The whole environment. */
  readonly env: Readonly<Record<string, string>>;
  /** Whether it is stopped only after all others have ended, because they end with its help. */
  readonly endsLast?: boolean;
  /** An open socket of ours that it gets as file descriptor 3. */
  readonly listenFd?: number;
}

/** Where a process is in its life. */
export type ProcessState = "running" | "waiting" | "stopped";

/** What is known of a supervised process now. */
export interface ProcessStatus {
  readonly name: string;
  readonly state: ProcessState;
  /** As seen inside the sandbox; absent unless it runs. */
  readonly pid?: number;
  /** Resident memory in bytes; absent unless it runs. */
  readonly rssBytes?: number;
  readonly restarts: number;
  /** Unix time in ms of the last start. */
  readonly startedAt: number;
  /** How it ended the last time, e.g. "exit code 1" or "SIGKILL". */
  readonly lastExit?: string;
}

/** What a supervisor reports as it happens. */
export type SupervisorEvent =
  | {
      readonly type: "started";
      readonly name: string;
      readonly pid: number;
      readonly restarts: number;
    }
  | {
      readonly type: "exited";
      readonly name: string;
      /** "exit code 1", "SIGKILL", or why it could not be started. */
      readonly reason: string;
      /** When it is started again, in ms from now; absent when it was stopped on purpose. */
      readonly retryMs?: number;
      readonly restarts: number;
    };

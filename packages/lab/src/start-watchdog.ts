import { logTail } from "@kubehop/kit";
import { LabError } from "./lab-error.ts";
import { logPath } from "./supervisor/log-file.ts";
import type { SupervisorEvent } from "./supervisor/process-spec.ts";

/** A process that ended this often while the lab starts will not get better by itself. */
const MOST_RESTARTS = 4;
const TAIL = { bytes: 4_096, lines: 8 };

/** Watches the start of a lab. */
export interface StartWatchdog extends Disposable {
  /** Aborts with a LabError when the start cannot succeed any more, or without when time is up. */
  readonly signal: AbortSignal;
  /** To be told each event of the supervisor. */
  onEvent(event: SupervisorEvent): void;
  /** To be told when the sandbox has ended. */
  readonly onSandboxEnd: (reason: string) => void;
}

/** What a start may take. */
export interface WatchdogOptions {
  readonly timeoutMs: number;
  readonly logDirectory: string;
  /** Where the logs will be when the start has failed. */
  readonly keptLogs: string;
  /** The user's own: aborts the start as well. */
  readonly signal: AbortSignal | undefined;
}

/** Where to look when a start has failed. */
export function keptLogs(directory: string): string {
  return `Nothing is left running; the logs of every process are in ${directory}.`;
}

/** Creates the watchdog; its time runs from now on. Disposing it stops it. */
export function createStartWatchdog(options: WatchdogOptions): StartWatchdog {
  const { timeoutMs, logDirectory } = options;
  const controller = new AbortController();
  const abort = (happened: string, next: string): void =>
    controller.abort(new LabError(happened, next));
  // Whoever waits knows best what was missing, so time alone has no message of its own.
  const timer = setTimeout(() => controller.abort(), timeoutMs);
  const onUserAbort = (): void => abort("The start was given up.", "Nothing is left running.");
  options.signal?.addEventListener("abort", onUserAbort, { once: true });
  if (options.signal?.aborted === true) onUserAbort();
  return {
    signal: controller.signal,
    onEvent(event) {
      if (event.type !== "exited" || event.restarts < MOST_RESTARTS) return;
      const tail = logTail(logPath(logDirectory, event.name), TAIL).trimEnd();
      abort(
        `${event.name} ended ${event.restarts} times, at last with ${event.reason}. Its last lines:\n${tail}`,
        keptLogs(options.keptLogs),
      );
    },
    onSandboxEnd: (reason) =>
      abort(`The sandbox ended by itself (${reason}).`, keptLogs(options.keptLogs)),
    [Symbol.dispose]() {
      clearTimeout(timer);
      options.signal?.removeEventListener("abort", onUserAbort);
    },
  };
}

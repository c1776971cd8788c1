import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { constants } from "node:os";
import type { ExecProcess } from "../runtime.ts";
import { TOOL_ENV } from "./container-process.ts";
import type { ContainerRecord } from "./pod-directory.ts";
import type { ProcessId } from "./process-table.ts";
import { inTerminal } from "./terminal.ts";
import { hasOneUserId } from "./user-ids.ts";

/** What is run. */
export interface ExecRequest {
  readonly command: readonly string[];
  /** In a terminal of its own (that of script(1)). */
  readonly tty: boolean;
}

/**
 * Runs a command with a container's namespaces, root, environment and working directory. A command
 * that does not exist ends with 127 and a line on standard error (that of env(1)).
 */
export function execInContainer(
  program: ProcessId,
  record: ContainerRecord,
  { command, tty }: ExecRequest,
): ExecProcess {
  const variables = { ...presets(), ...record.env };
  const assignments = Object.entries(variables).map(([name, value]) => `${name}=${value}`);
  const terminal = tty && record.env["TERM"] === undefined ? ["TERM=xterm"] : [];
  const words = [
    "nsenter",
    `--target=${program.pid}`,
    "--mount",
    "--net",
    "--uts",
    "env",
    "-i",
    "-C",
    record.workingDir,
    ...assignments,
    ...terminal,
    ...command,
  ];
  const [file = "", ...args] = tty ? inTerminal(words) : words;
  const child = spawn(file, args, {
    cwd: "/",
    detached: true,
    env: { ...TOOL_ENV, SHELL: "/bin/sh" },
    stdio: ["pipe", "pipe", "pipe"],
  });
  return toExecProcess(child);
}

/**
 * `kubectl cp` runs tar, which as root gives each file its owner. Where there is one user id alone
 * the kernel refuses that, so GNU tar is told not to try.
 */
function presets(): Record<string, string> {
  const isAlone = hasOneUserId(readFileSync("/proc/self/uid_map", "utf8"));
  return isAlone ? { TAR_OPTIONS: "--no-same-owner" } : {};
}

function toExecProcess(child: ChildProcessWithoutNullStreams): ExecProcess {
  child.stdin.on("error", () => undefined);
  const exitCode = new Promise<number>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code, signal) => {
      resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal]));
    });
  });
  exitCode.catch(() => undefined);
  return {
    stdin: child.stdin,
    stdout: child.stdout,
    stderr: child.stderr,
    exitCode,
    kill: () => killGroup(child.pid),
  };
}

/** The command and what it started: it leads a process group of its own. */
function killGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // Ended already.
  }
}

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { programFile } from "@kubehop/kit/programs";
import { LabError } from "../lab-error.ts";
import { readJsonLines, toJsonLine } from "../sandbox/json-lines.ts";
import type { SandboxCommand, SandboxEvent } from "../sandbox/protocol.ts";
import { openLogFile } from "../supervisor/log-file.ts";
import { sandboxCommand, type SandboxMode } from "./sandbox-command.ts";

const STOP_DEADLINE_MS = 8_000;

/** A sandbox as its launcher sees it. Disposing it ends everything inside. */
export interface SandboxProcess extends AsyncDisposable {
  /** Its process id on the host. */
  readonly pid: number;
  send(command: SandboxCommand): void;
  /** Resolves when the network is there; rejects with LabError when it cannot be built. */
  readonly prepared: Promise<void>;
  /** Resolves with the reason when the sandbox has ended, expected or not. */
  readonly ended: Promise<string>;
}

/** What a sandbox needs from its launcher. */
export interface SandboxProcessOptions {
  readonly mode: SandboxMode;
  readonly node: string;
  readonly env: Readonly<Record<string, string>>;
  /** Listening sockets that the sandbox gets as descriptors 3 and following. */
  readonly listenFds: readonly number[];
  /** Takes what the sandbox itself prints. */
  readonly logPath: string;
  onEvent(event: SandboxEvent): void;
}

/** Starts a sandbox. It waits for commands; without a launcher it ends. */
export function startSandboxProcess(options: SandboxProcessOptions): SandboxProcess {
  const { mode } = options;
  const log = openLogFile(options.logPath);
  const program = [
    options.node,
    programFile("sandbox"),
    mode.pidNamespace ? "--pid-namespace" : "--no-pid-namespace",
  ];
  const [command, ...args] = sandboxCommand(mode, program);
  const child = spawn(command, args, {
    env: options.env,
    // A session of its own: Ctrl-C at the terminal is for the launcher, which ends the rest.
    detached: true,
    stdio: ["pipe", "pipe", log.fd, ...options.listenFds],
  });
  log[Symbol.dispose]();
  const prepared = Promise.withResolvers<void>();
  prepared.promise.catch(() => {});
  const ended = endOf(child);
  void ended.then((reason) => prepared.reject(endedEarly(reason, options.logPath)));
  if (child.stdin === null || child.stdout === null) throw new Error("the sandbox has no pipes");
  const { stdin, stdout } = child;
  stdin.on("error", () => {});
  readJsonLines(stdout, (message) => {
    const event = message as SandboxEvent;
    if (event.type === "prepared") prepared.resolve();
    if (event.type === "failed") prepared.reject(networkFailed(event.message));
    options.onEvent(event);
  });
  return {
    pid: child.pid ?? -1,
    send: (message) => void stdin.write(toJsonLine(message)),
    prepared: prepared.promise,
    ended,
    async [Symbol.asyncDispose]() {
      if (stdin.writable) stdin.write(toJsonLine({ type: "stop" } satisfies SandboxCommand));
      const cut = setTimeout(() => stdin.end(), STOP_DEADLINE_MS);
      const kill = setTimeout(() => killTree(child), STOP_DEADLINE_MS + 1_000);
      await ended;
      clearTimeout(cut);
      clearTimeout(kill);
    },
  };
}

async function endOf(child: ChildProcess): Promise<string> {
  try {
    const [code, signal] = (await once(child, "exit")) as [number | null, string | null];
    return signal ?? `exit code ${code}`;
  } catch (error) {
    return (error as Error).message;
  }
}

/** unshare ignores SIGTERM while it waits, and takes its child with it on SIGKILL. */
function killTree(child: ChildProcess): void {
  if (child.exitCode === null && child.signalCode === null) child.kill("SIGKILL");
}

function endedEarly(reason: string, logPath: string): LabError {
  return new LabError(`The sandbox ended by itself (${reason}).`, `See ${logPath}.`);
}

function networkFailed(message: string): LabError {
  return new LabError(
    `The lab's network could not be built: ${message}`,
    "If this is a container, see its options in docs; else please report the command that failed.",
  );
}

/** The host's process id of the first process inside a sandbox, by the id of its unshare. */
export function firstProcessInside(sandboxPid: number): number | undefined {
  try {
    const children = readFileSync(`/proc/${sandboxPid}/task/${sandboxPid}/children`, "utf8");
    return children.trim() === "" ? undefined : Number(children.trim().split(" ")[0]);
  } catch {
    return readdirSync("/proc")
      .filter((name) => /^\d+$/.test(name))
      .map(Number)
      .find((pid) => parentOf(pid) === sandboxPid);
  }
}

function parentOf(pid: number): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
  } catch {
    return undefined;
  }
}

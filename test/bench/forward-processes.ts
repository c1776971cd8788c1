import { type ChildProcess, execFileSync, fork, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";

const KILL_AFTER_MS = 5_000;

/** A child process that ends when it is disposed. */
export type OwnedProcess = ChildProcess & AsyncDisposable;

/** Starts one of this folder's programs with a channel to it. It ends when it is disposed. */
export function forkHere(file: string, ...argv: string[]): OwnedProcess {
  return owned(fork(join(import.meta.dirname, file), argv, { stdio: "inherit" }));
}

/** Starts any program quietly. It ends when it is disposed. */
export function spawnQuietly(command: string, argv: readonly string[]): OwnedProcess {
  return owned(spawn(command, argv, { stdio: ["ignore", "pipe", "inherit"] }));
}

/** The next message of a forked program. Rejects when it ends instead. */
export function nextMessage<T>(child: ChildProcess): Promise<T> {
  const { promise, resolve, reject } = Promise.withResolvers<T>();
  const onMessage = (message: unknown): void => resolve(message as T);
  const onExit = (): void => reject(new Error(`${child.spawnargs.join(" ")} has ended`));
  child.once("message", onMessage).once("exit", onExit);
  return promise.finally(() => child.off("message", onMessage).off("exit", onExit));
}

/** CPU time a process has used so far, in microseconds (Linux: 10 ms precision). */
export function cpuMicroseconds(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) * 10_000;
}

/** Where a program is on the PATH; undefined when it is not installed. */
export function findProgram(name: string): string | undefined {
  try {
    return execFileSync("sh", ["-c", `command -v ${name}`], { encoding: "utf8" }).trim();
  } catch {
    return undefined;
  }
}

/** Ties a child to a scope: it is asked to end, and killed when it does not. */
export function owned(child: ChildProcess): OwnedProcess {
  return Object.assign(child, {
    async [Symbol.asyncDispose]() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const ended = once(child, "exit");
      child.kill("SIGTERM");
      const deadline = setTimeout(() => child.kill("SIGKILL"), KILL_AFTER_MS);
      await ended;
      clearTimeout(deadline);
    },
  });
}

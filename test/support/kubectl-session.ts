import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { copyFile, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { waitFor } from "@kubehop/testkit";
import { expect } from "vitest";

const COMMAND_MS = 120_000;
const EXIT_MS = 30_000;

/** A user at a shell with stock kubectl: a folder and a kubeconfig of his own. */
export interface KubectlSession extends AsyncDisposable {
  /** The lines typed so far, each once. */
  readonly lines: ReadonlySet<string>;
  /** Runs a line that must end with 0, say nothing on standard error and print this; gives what it printed. */
  says(line: string, output: string | RegExp): Promise<string>;
  /** Runs a line that must end with a code (1 when absent) and print this on standard error. */
  fails(line: string, error: string | RegExp, code?: number): Promise<void>;
  /** Runs a line whatever it says on standard error; it must end with 0 and print this. */
  mutters(line: string, output: string | RegExp, error: string | RegExp): Promise<void>;
  /** Starts a line that goes on until it is ended. */
  start(line: string): RunningLine;
  /** Writes a file of the session's folder, in which all lines are run. */
  file(name: string, text: string): Promise<void>;
}

/** A line that runs. */
export interface RunningLine {
  /** Waits until what it has printed, errors too, matches; gives the match. */
  prints(pattern: RegExp): Promise<RegExpExecArray>;
  /** Types text into it. */
  type(text: string): void;
  /** Tells it that nothing more is typed, waits for its end and gives its exit code. */
  end(): Promise<number | null>;
  /** Interrupts it, as Ctrl-C does, and waits for its end. */
  interrupt(): Promise<void>;
}

interface Result {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Opens a session against the cluster of a kubeconfig; disposing it ends what it has started. */
export async function openKubectlSession(kubeconfig: string): Promise<KubectlSession> {
  const directory = await mkdtemp(join(tmpdir(), "kubehop-session-"));
  const own = join(directory, "kubeconfig");
  await copyFile(kubeconfig, own);
  const env = { PATH: process.env["PATH"] ?? "", HOME: directory, KUBECONFIG: own };
  const options = { cwd: directory, env };
  const lines = new Set<string>();
  const children = new Set<ChildProcess>();
  const run = (line: string): Promise<Result> => {
    lines.add(line);
    return new Promise((resolve) => {
      execFile("sh", ["-c", line], { ...options, timeout: COMMAND_MS }, (error, stdout, stderr) => {
        resolve({ code: error === null ? 0 : Number(error.code ?? -1), stdout, stderr });
      });
    });
  };
  const check = async (line: string, wanted: Wanted): Promise<string> => {
    const { code, stdout, stderr } = await run(line);
    const asked = { line, code: 0, stdout: expect.any(String), stderr: expect.any(String) };
    expect({ line, code, stdout, stderr }).toEqual({ ...asked, ...matchers(wanted) });
    return stdout;
  };
  return {
    lines,
    says: (line, output) => check(line, { stdout: output, stderr: "" }),
    fails: async (line, error, code = 1) => void (await check(line, { stderr: error, code })),
    mutters: async (line, output, error) =>
      void (await check(line, { stdout: output, stderr: error })),
    start(line) {
      lines.add(line);
      const child = spawn("sh", ["-c", `exec ${line}`], { ...options, stdio: "pipe" });
      children.add(child);
      child.once("exit", () => children.delete(child));
      return follow(line, child);
    },
    file: (name, text) => writeFile(join(directory, name), text),
    async [Symbol.asyncDispose]() {
      await Promise.all([...children].map(stop));
      await rm(directory, { recursive: true, force: true });
    },
  };
}

interface Wanted {
  readonly code?: number;
  readonly stdout?: string | RegExp;
  readonly stderr?: string | RegExp;
}

function matchers({ stdout, stderr, code }: Wanted): object {
  const of = (text: string | RegExp): unknown =>
    typeof text === "string" ? text : expect.stringMatching(text);
  return {
    ...(code !== undefined && { code }),
    ...(stdout !== undefined && { stdout: of(stdout) }),
    ...(stderr !== undefined && { stderr: of(stderr) }),
  };
}

function follow(line: string, child: ChildProcess): RunningLine {
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding("utf8").on("data", (text: string) => void (output += text));
  }
  return {
    prints: (pattern) =>
      waitFor(() => pattern.exec(output) ?? undefined, {
        timeoutMs: COMMAND_MS,
        describe: () => `${line} to print ${pattern}; it printed: ${output}`,
      }),
    type: (text) => void child.stdin?.write(text),
    async end() {
      child.stdin?.end();
      await ended(child);
      return child.exitCode;
    },
    interrupt: () => stop(child),
  };
}

async function stop(child: ChildProcess): Promise<void> {
  child.kill("SIGINT");
  await ended(child).catch(() => child.kill("SIGKILL"));
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  await once(child, "close", { signal: AbortSignal.timeout(EXIT_MS) });
}

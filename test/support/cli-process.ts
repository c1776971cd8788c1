import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { CLI } from "./paths.ts";

/** A `kubehop` command that goes on running. */
export interface CliProcess extends AsyncDisposable {
  readonly pid: number;
  /** Standard output so far. */
  stdout(): string;
  /** Both outputs so far. */
  output(): string;
  signal(name: NodeJS.Signals): void;
  /** Resolves with exit code or signal. */
  readonly exited: Promise<number | NodeJS.Signals | null>;
}

/** Starts a `kubehop` command whose labs live in `home`. */
export function startCli(home: string, args: readonly string[]): CliProcess {
  const child = spawn(process.execPath, [CLI, ...args], {
    env: { ...process.env, KUBEHOP_HOME: home },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let stdout = "";
  let output = "";
  child.stdout.on("data", (data: Buffer) => {
    stdout += data.toString();
    output += data.toString();
  });
  child.stderr.on("data", (data: Buffer) => void (output += data.toString()));
  const exited = once(child, "exit").then(
    ([code, signal]) => (code ?? signal) as number | NodeJS.Signals | null,
  );
  return {
    pid: child.pid ?? -1,
    stdout: () => stdout,
    output: () => output,
    signal: (name) => void child.kill(name),
    exited,
    [Symbol.asyncDispose]: async () => {
      if (child.exitCode === null && child.signalCode === null) child.kill("SIGKILL");
      await exited;
    },
  };
}

/** Runs a `kubehop` command to its end, 150 s at most. */
export function runCli(
  home: string,
  args: readonly string[],
): Promise<{ code: number; stdout: string; stderr: string }> {
  const { promise, resolve } = Promise.withResolvers<{
    code: number;
    stdout: string;
    stderr: string;
  }>();
  const env = { ...process.env, KUBEHOP_HOME: home };
  const options = { env, timeout: 150_000, maxBuffer: 16 * 1024 * 1024 };
  execFile(process.execPath, [CLI, ...args], options, (error, stdout, stderr) => {
    const code = typeof error?.code === "number" ? error.code : error ? 1 : 0;
    resolve({ code, stdout, stderr });
  });
  return promise;
}

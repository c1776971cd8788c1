import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

const MAIN = fileURLToPath(new URL("../main.ts", import.meta.url));

/** A finished run. */
export interface RunResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A role running as a process of its own. */
export interface RoleProcess extends AsyncDisposable {
  readonly child: ChildProcess;
  /** The port it said it listens on. */
  readonly port: number;
  /** SIGTERM, then the exit code. */
  stop(): Promise<number | null>;
  /** Everything it has printed so far. */
  output(): string;
}

/** Runs a role to its end. */
export async function runRole(args: readonly string[]): Promise<RunResult> {
  const child = spawn(process.execPath, [MAIN, ...args], { stdio: ["ignore", "pipe", "pipe"] });
  const closed = once(child, "close") as Promise<[number | null]>;
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
  const [code] = await closed;
  return { code, stdout, stderr };
}

/** Starts a serving role; resolves once it has printed the port it listens on. */
export async function startRole(
  args: readonly string[],
  env: Record<string, string> = {},
): Promise<RoleProcess> {
  const child = spawn(process.execPath, [MAIN, ...args], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, ...env },
  });
  const exited = once(child, "exit") as Promise<[number | null]>;
  let output = "";
  const { promise: port, resolve, reject } = Promise.withResolvers<number>();
  const onText = (chunk: Buffer): void => {
    output += chunk.toString();
    const found = /"port":(\d+)|on port (\d+)/.exec(output);
    if (found) resolve(Number(found[1] ?? found[2]));
  };
  child.stdout.on("data", onText);
  child.stderr.on("data", onText);
  child.once("exit", () => reject(new Error(`${args.join(" ")} ended early:\n${output}`)));
  const stop = async (): Promise<number | null> => {
    child.kill("SIGTERM");
    return (await exited)[0];
  };
  return {
    child,
    port: await port,
    stop,
    output: () => output,
    [Symbol.asyncDispose]: async () => {
      if (child.exitCode === null && child.signalCode === null) child.kill("SIGKILL");
      await exited;
    },
  };
}

async function text(stream: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

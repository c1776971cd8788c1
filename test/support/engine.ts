import { execFile, spawnSync } from "node:child_process";
import { ROOT } from "./paths.ts";

const PROBE_MS = 10_000;
const COMMAND_MS = 180_000;
const MAX_OUTPUT = 16 * 1024 * 1024;

/** Why no test can use Docker on this machine; undefined when they can. */
export function whyNoEngine(): string | undefined {
  const engine = ["version", "--format", "{{.Server.Version}}"];
  if (!succeeds(engine)) return "no Docker Engine can be reached";
  return succeeds(["compose", "version"]) ? undefined : "docker has no Compose v2";
}

function succeeds(args: readonly string[]): boolean {
  return spawnSync("docker", args, { stdio: "ignore", timeout: PROBE_MS }).status === 0;
}

/** How a command ended. */
export interface CommandResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs docker in the checkout and gives how it ended; rejects when there is no docker. */
export function docker(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<CommandResult> {
  const options = {
    cwd: ROOT,
    env: { ...process.env, ...env },
    timeout: COMMAND_MS,
    maxBuffer: MAX_OUTPUT,
  };
  return new Promise((resolve, reject) => {
    execFile("docker", args, options, (error, stdout, stderr) => {
      if (error !== null && typeof error.code !== "number") reject(error);
      else resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr });
    });
  });
}

/** Runs docker and gives what it printed. Rejects with that when the exit code is not 0. */
export async function dockerOk(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<string> {
  const { code, stdout, stderr } = await docker(args, env);
  if (code === 0) return stdout;
  throw new Error(`docker ${args.join(" ")}: exit code ${code}\n${stdout}\n${stderr}`);
}

import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";

/** Who runs a sandbox: the user of the tests, or an ordinary one when the tests run as root. */
export type SandboxUser = "self" | "ordinary";

/** What a scenario reported, by name. */
export type Reports = Readonly<Record<string, unknown>>;

/** An account without rights, for tests that run as root; absent on most machines. */
const ORDINARY_USER = "kh";

const UNSHARE = (
  "setpriv --pdeathsig KILL unshare --user --map-root-user --net --mount " +
  "--pid --fork --kill-child --mount-proc /bin/sh"
).split(" ");

/** Why no sandbox can be made here for that user; undefined when one can. */
export function sandboxProblem(user: SandboxUser): string | undefined {
  if (process.platform !== "linux") return "namespaces need Linux";
  try {
    const [file = "", ...args] = asUser(user, [...UNSHARE, "-c", "true"]);
    execFileSync(file, args, { stdio: "pipe", timeout: 60_000 });
    return undefined;
  } catch (error) {
    return `no user namespace for ${user}: ${(error as Error).message.split("\n")[0]}`;
  }
}

/**
 * Runs a scenario (a file beside this one) in a sandbox with one node and gives what it reported.
 * Rejects with its output when it fails. Everything it started ends with it.
 */
export async function runScenario(name: string, user: SandboxUser): Promise<Reports> {
  const script = join(import.meta.dirname, "sandbox.sh");
  const scenario = join(import.meta.dirname, `${name}.scenario.ts`);
  const run = `/bin/sh "$@"; exit $?`;
  const words = [...UNSHARE, "-c", run, "sh", script, process.execPath, scenario];
  const [file = "", ...args] = asUser(user, words);
  const child = spawn(file, args, { stdio: ["ignore", "pipe", "pipe"], cwd: "/" });
  let output = "";
  let errors = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (output += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (errors += text));
  const [code] = (await once(child, "close")) as [number | null];
  if (code !== 0) throw new Error(`scenario ${name} ended with ${code}:\n${output}\n${errors}`);
  return parseReports(output);
}

/** Called by a scenario: hands a result to the test. */
export function report(name: string, value: unknown): void {
  process.stdout.write(`${JSON.stringify({ report: name, value })}\n`);
}

function parseReports(output: string): Reports {
  const reports: Record<string, unknown> = {};
  for (const line of output.split("\n")) {
    if (!line.startsWith('{"report":')) continue;
    const parsed = JSON.parse(line) as { report: string; value?: unknown };
    reports[parsed.report] = parsed.value;
  }
  return reports;
}

function asUser(user: SandboxUser, words: readonly string[]): string[] {
  if (user === "self") return [...words];
  return [
    "setpriv",
    `--reuid=${ORDINARY_USER}`,
    `--regid=${ORDINARY_USER}`,
    "--clear-groups",
    ...words,
  ];
}

import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";

/** An address of the sandbox beside ::1. */
export const SANDBOX_IPV6 = "fd00:10:96::50";
/** The address that masquerading in the sandbox uses. */
const SANDBOX_IPV4 = "10.244.1.1";

/** The network comes after its user, who else could not read all of /proc/net. */
const UNSHARE = [
  "setpriv",
  "--pdeathsig",
  "KILL",
  "unshare",
  "--user",
  "--map-root-user",
  "--mount",
  "--pid",
  "--fork",
  "--kill-child",
  "--mount-proc",
  "unshare",
  "--net",
  "/bin/sh",
  "-c",
] as const;

/** iptables keeps its lock in /run; the rest is what a node's loopback has. */
const PREPARE = [
  "mount -t tmpfs tmpfs /run",
  "ip link set lo up",
  `ip addr add ${SANDBOX_IPV4}/32 dev lo`,
  `ip -6 addr add ${SANDBOX_IPV6}/128 dev lo nodad || true`,
].join(" && ");

/** How many lines a program of the kernel's tells; none when it cannot be run. */
export function linesOf(program: string, ...args: readonly string[]): number {
  const { stdout } = spawnSync(program, args, { encoding: "utf8", timeout: 60_000 });
  return (stdout ?? "").split("\n").filter((line) => !line.startsWith("#")).length;
}

const VITEST = join(import.meta.dirname, "../../../../../node_modules/vitest/vitest.mjs");

/** Why no sandbox with these programs can be made here; undefined when one can. */
export function sandboxProblem(...programs: readonly string[]): string | undefined {
  const looks = programs.map((program) => `command -v ${program}`);
  const script = [PREPARE, ...looks].join(" && ");
  const [program, ...args] = UNSHARE;
  const { status, stderr, error } = spawnSync(program, [...args, script], {
    encoding: "utf8",
    timeout: 60_000,
  });
  if (status === 0) return undefined;
  return `no user and network namespace with ${programs.join(", ")}: ${error?.message ?? stderr}`;
}

/**
 * Runs a specification (a `.spec.ts` beside this file) in a network of its own. Rejects with
 * its report unless all of its tests have passed; gives their number.
 */
export async function runSpecification(name: string): Promise<number> {
  const vitest = [process.execPath, VITEST, "run", `${name}.spec.ts`];
  const [program, ...args] = UNSHARE;
  const env = { ...process.env, NO_COLOR: "1" };
  const child = spawn(program, [...args, `${PREPARE} && exec "$@"`, "sh", ...vitest], {
    cwd: import.meta.dirname,
    env,
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => (output += text));
  }
  const [code] = (await once(child, "close")) as [number | null];
  const [, passed] = /^\s+Tests\s+(\d+) passed \(\1\)/m.exec(output) ?? [];
  if (code !== 0 || passed === undefined) throw new Error(`${name} ended with ${code}:\n${output}`);
  return Number(passed);
}

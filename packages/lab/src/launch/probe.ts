import { execFile } from "node:child_process";
import { access, constants } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { LabError } from "../lab-error.ts";
import { type MachineFacts, readMachineFacts, remedy } from "./machine.ts";
import { probeCommand, SANDBOX_MODES, type SandboxMode } from "./sandbox-command.ts";

const execute = promisify(execFile);
const PROBE_TIMEOUT_MS = 5_000;

/** Programs that the lab runs and the packages they come from. */
const PROGRAMS: Readonly<Record<string, string>> = {
  ip: "iproute2",
  unshare: "util-linux",
  nsenter: "util-linux",
  setpriv: "util-linux",
  mount: "mount",
  hostname: "hostname",
};

/**
 * Finds the way to get a sandbox on this machine. Throws LabError naming what is missing or
 * forbidden and how to allow it. `path` is the PATH to look for programs in.
 */
export async function chooseSandboxMode(path: string): Promise<SandboxMode> {
  if (process.platform !== "linux") {
    throw new LabError(
      `The embedded lab needs Linux, this is ${process.platform}.`,
      "Use Docker: docker compose up.",
    );
  }
  await checkPrograms(path);
  await checkResolvConf();
  const facts = await readMachineFacts();
  const failures: string[] = [];
  for (const mode of SANDBOX_MODES) {
    if (mode.name === "root" && !facts.root) continue;
    const failure = await probe(mode, path);
    if (failure === undefined) return mode;
    failures.push(failure);
  }
  throw forbidden(failures, facts);
}

async function checkPrograms(path: string): Promise<void> {
  const names = Object.keys(PROGRAMS);
  const found = await Promise.all(names.map((name) => isInPath(name, path)));
  const missing = names.filter((_, index) => found[index] === false);
  if (missing.length === 0) return;
  const packages = [...new Set(missing.map((name) => PROGRAMS[name]))].join(" ");
  throw new LabError(
    `The lab needs ${missing.join(", ")}, which this machine does not have.`,
    `Install them (on Debian and Ubuntu: apt-get install ${packages}) and try again.`,
  );
}

async function isInPath(name: string, path: string): Promise<boolean> {
  const tries = path
    .split(":")
    .map((directory) => access(join(directory, name), constants.X_OK).then(() => true));
  return Promise.any(tries).catch(() => false);
}

/** A pod's resolv.conf is mounted over the machine's, so there must be one. */
async function checkResolvConf(): Promise<void> {
  await access("/etc/resolv.conf").catch(() => {
    throw new LabError(
      "This machine has no /etc/resolv.conf (or a link that leads nowhere).",
      "Create an empty one: sudo touch $(readlink -m /etc/resolv.conf).",
    );
  });
}

async function probe(mode: SandboxMode, path: string): Promise<string | undefined> {
  const [program, ...args] = probeCommand(mode);
  try {
    await execute(program, args, { timeout: PROBE_TIMEOUT_MS, env: { PATH: path } });
    return undefined;
  } catch (error) {
    const { stderr, message } = error as Error & { stderr?: string };
    const text = (stderr?.trim() || message).split("\n")[0];
    return `unshare ${mode.unshare.join(" ")}: ${text}`;
  }
}

function forbidden(failures: readonly string[], facts: MachineFacts): LabError {
  return new LabError(
    `This machine does not let us make a sandbox:\n${failures.map((line) => `    ${line}`).join("\n")}`,
    remedy(facts),
  );
}

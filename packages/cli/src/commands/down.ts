import { setTimeout as delay } from "node:timers/promises";
import type { Command } from "commander";
import {
  findRunningLab,
  isRunning,
  type KnownLab,
  type ProcessIdentity,
  runningLabs,
  stateHome,
} from "@kubehop/lab";
import { CliError } from "../cli-error.ts";
import type { CliContext } from "../context.ts";
import { requireLab } from "../lab-access.ts";
import { withName } from "./options.ts";

const STOP_DEADLINE_MS = 15_000;
const KILL_DEADLINE_MS = 5_000;
const POLL_MS = 20;

/** `kubehop down`: ends a lab, or all labs of this user. */
export function addDown(program: Command, context: CliContext): void {
  withName(program.command("down"))
    .description("end a lab; nothing of it is left")
    .option("-a, --all", "end every lab of this user")
    .action(async ({ name, all }: { name: string; all?: true }) => {
      const home = stateHome(context.env);
      const labs = all === true ? await runningLabs(home) : [await requireLab(context, name)];
      await Promise.all(labs.map((lab) => endLab(home, lab)));
      for (const { record } of labs) context.stdout.write(`lab "${record.name}" ended\n`);
      if (labs.length === 0) context.stdout.write("no lab runs\n");
    });
}

async function endLab(home: string, { record }: KnownLab): Promise<void> {
  const { launcher, name } = record;
  signalProcess(launcher, "SIGTERM");
  if (!(await hasEnded(launcher, STOP_DEADLINE_MS))) {
    // The kernel ends the sandbox with its launcher.
    signalProcess(launcher, "SIGKILL");
    if (!(await hasEnded(launcher, KILL_DEADLINE_MS))) {
      throw new CliError(`Lab "${name}" does not end (process ${launcher.pid}).`, "Try again.");
    }
  }
  // Removes the folder of a launcher that could not do so itself.
  await findRunningLab(home, name);
}

function signalProcess(identity: ProcessIdentity, signal: NodeJS.Signals): void {
  if (!isRunning(identity)) return;
  try {
    process.kill(identity.pid, signal);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ESRCH") return;
    throw new CliError(`Process ${identity.pid} cannot be ended (${code}).`, "Do it as its user.");
  }
}

async function hasEnded(identity: ProcessIdentity, withinMs: number): Promise<boolean> {
  const deadline = performance.now() + withinMs;
  while (isRunning(identity)) {
    if (performance.now() > deadline) return false;
    await delay(POLL_MS);
  }
  return true;
}

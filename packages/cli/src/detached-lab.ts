import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, mkdirSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { programFile } from "@kubehop/kit/programs";
import type { LabOptions } from "@kubehop/lab";
import { createStyle } from "@kubehop/trace";
import { CliError } from "./cli-error.ts";
import { toCommandLine } from "./commands/lab-arguments.ts";
import type { CliContext, LauncherMessage } from "./context.ts";
import { createProgressView } from "./output/progress.ts";

/**
 * Starts a lab in a process of its own, shows its progress and returns when it is ready; it then
 * runs on. Throws CliError with what it said when it could not start; then nothing is left.
 */
export async function startDetached(context: CliContext, options: LabOptions): Promise<void> {
  const logFile = join(options.environment.home, "launchers", `${options.name}.log`);
  const child = spawnLauncher(context, options, logFile);
  const onAbort = (): void => void child.kill("SIGTERM");
  context.signal.addEventListener("abort", onAbort, { once: true });
  try {
    const text = await waitUntilReady(context, child, logFile);
    context.stdout.write(`${text}end it with  npx kubehop down --name ${options.name}\n`);
  } finally {
    context.signal.removeEventListener("abort", onAbort);
  }
}

function spawnLauncher(context: CliContext, options: LabOptions, logFile: string): ChildProcess {
  mkdirSync(join(logFile, ".."), { recursive: true, mode: 0o700 });
  const log = openSync(logFile, "w", 0o600);
  try {
    const [program, ...flags] = context.node;
    return spawn(program, [...flags, programFile("kubehop"), ...toCommandLine(options)], {
      detached: true,
      stdio: ["ignore", log, log, "ipc"],
      env: { ...context.env },
    });
  } finally {
    closeSync(log);
  }
}

async function waitUntilReady(
  context: CliContext,
  child: ChildProcess,
  logFile: string,
): Promise<string> {
  using view = createProgressView(context.stderr, createStyle(context.colour));
  const ready = Promise.withResolvers<string>();
  child.on("message", (message: LauncherMessage) => {
    if (message.type === "progress") view.show(message);
    else ready.resolve(message.text);
  });
  void once(child, "exit").then(() => ready.reject(failed(logFile)), ready.reject);
  const text = await ready.promise;
  child.removeAllListeners();
  child.disconnect();
  child.unref();
  return text;
}

/** The launcher has written why, in the same form as we would. */
function failed(logFile: string): CliError {
  const said = readFileSync(logFile, "utf8")
    .trimEnd()
    .replace(/^kubehop: /m, "");
  return new CliError(said === "" ? "The lab's launcher ended." : said, `(from ${logFile})`);
}

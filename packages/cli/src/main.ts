import { StatusError } from "@kubehop/api";
import { LabError, nodeCommand } from "@kubehop/lab";
import { PodError } from "@kubehop/trace";
import { CliError } from "./cli-error.ts";
import type { CliContext, LauncherMessage, WaitingParent } from "./context.ts";
import { buildProgram } from "./program.ts";

const stop = new AbortController();
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  process.on(signal, () => {
    // The second Ctrl-C does not wait: the sandbox ends with this process.
    if (stop.signal.aborted) process.exit(130);
    stop.abort();
  });
}

const { stdout, env } = process;
const context: CliContext = {
  env,
  stdin: process.stdin,
  stdout,
  stderr: process.stderr,
  colour: stdout.isTTY && (env["NO_COLOR"] ?? "") === "" && env["TERM"] !== "dumb",
  node: nodeCommand(process.execPath),
  signal: stop.signal,
  setExitCode: (code) => {
    process.exitCode = code;
  },
  ...(process.send === undefined ? {} : { parent: createParent() }),
};

// A reader such as `head` may close our output; that is no failure.
stdout.on("error", (error: NodeJS.ErrnoException) => process.exit(error.code === "EPIPE" ? 0 : 1));

try {
  await buildProgram(context).parseAsync(process.argv);
} catch (error) {
  process.stderr.write(`kubehop: ${describe(error)}\n`);
  process.exitCode = error instanceof CliError || error instanceof PodError ? error.exitCode : 1;
}

function describe(error: unknown): string {
  const expected = [CliError, PodError, LabError, StatusError].some(
    (type) => error instanceof type,
  );
  if (!(error instanceof Error)) return String(error);
  return expected || env["KUBEHOP_DEBUG"] === undefined ? error.message : (error.stack ?? "");
}

function createParent(): WaitingParent {
  const lost = new AbortController();
  process.once("disconnect", () => lost.abort());
  const send = (message: LauncherMessage): void => {
    if (process.connected) process.send?.(message);
  };
  return { send, lost: lost.signal };
}

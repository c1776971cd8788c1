import { spawn } from "node:child_process";

/** Set-up cannot go on; the message says what happened and what to do next. */
export class SetupError extends Error {
  name = "SetupError";
}

/**
 * Runs a command and gives its output. Throws SetupError with `failure` and the last lines of
 * what the command printed when it cannot be started, fails, or takes longer than `timeoutMs`.
 */
export async function run(command, args, options) {
  const { failure, timeoutMs = 600_000, ...spawnOptions } = options;
  const child = spawn(command, args, {
    ...spawnOptions,
    stdio: ["ignore", "pipe", "pipe"],
    timeout: timeoutMs,
    killSignal: "SIGKILL",
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text) => {
      output = (output + text).slice(-65_536);
    });
  }
  const end = await new Promise((resolve) => {
    child.on("error", (error) => resolve(explain(command, error)));
    child.on("close", (code, signal) => resolve(describeExit(code, signal)));
  });
  if (end === undefined) return output;
  const tail = output.trim().split("\n").slice(-12).join("\n    ");
  throw new SetupError(
    `${failure}\n    ${command} ${args.join(" ")}: ${end}\n    ${tail}`.trimEnd(),
  );
}

function explain(command, error) {
  return error.code === "ENOENT"
    ? `there is no program "${command}" on this machine`
    : error.message;
}

function describeExit(code, signal) {
  if (code === 0) return undefined;
  return code === null ? `ended by ${signal}` : `exit code ${code}`;
}

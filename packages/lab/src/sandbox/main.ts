import { readJsonLines, toJsonLine } from "./json-lines.ts";
import type { SandboxCommand } from "./protocol.ts";
import { createSandbox } from "./sandbox.ts";
import { sweepUserNamespace } from "./sweep.ts";

// The first process of ours inside the sandbox. Its standard input is its lifeline: when the
// launcher is gone, whatever the reason, everything ends at once.

const ownsProcesses = process.argv[2] === "--pid-namespace";
const sandbox = createSandbox((event) => process.stdout.write(toJsonLine(event)));

function end(code: number): never {
  if (!ownsProcesses) sweepUserNamespace([process.pid, process.ppid]);
  process.exit(code);
}

readJsonLines(process.stdin, (message) => {
  const command = message as SandboxCommand;
  if (command.type !== "stop") return sandbox.handle(command);
  sandbox[Symbol.asyncDispose]().then(
    () => end(0),
    (error: Error) => {
      process.stderr.write(`${error.stack}\n`);
      end(1);
    },
  );
});
process.stdin.on("close", () => end(1));
process.stdout.on("error", () => end(1));

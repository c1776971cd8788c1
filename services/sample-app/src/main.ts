import { enableCompileCache } from "node:module";
import { UsageError } from "./flags.ts";
import { findRole } from "./roles.ts";
import { overview, roleHelp } from "./usage.ts";

const EXIT_FAILURE = 1;
const EXIT_USAGE = 2;

// Pods of one host share what V8 made of the modules: the second one starts in about half the time.
enableCompileCache();

async function main(argv: readonly string[]): Promise<number> {
  const found = findRole(argv);
  if (!found) {
    process.stderr.write(overview(argv[0]));
    return EXIT_USAGE;
  }
  const role = await found.load();
  if (found.args[0] === "--help") {
    process.stdout.write(roleHelp(role));
    return 0;
  }
  return role.run({
    args: found.args,
    env: process.env,
    signal: stopSignal(),
    stdout: (text) => void process.stdout.write(text),
    stderr: (text) => void process.stderr.write(text),
  });
}

/** Aborts at the first SIGTERM or SIGINT; the second ends the process at once. */
function stopSignal(): AbortSignal {
  const controller = new AbortController();
  const stop = (): void => {
    if (controller.signal.aborted) process.exit(EXIT_FAILURE);
    controller.abort();
  };
  process.on("SIGTERM", stop);
  process.on("SIGINT", stop);
  return controller.signal;
}

function report(error: unknown): number {
  const message = error instanceof Error ? error.message : String(error);
  process.stderr.write(`sample-app ${process.argv[2] ?? ""}: ${message}\n`);
  return error instanceof UsageError ? EXIT_USAGE : EXIT_FAILURE;
}

process.exitCode = await main(process.argv.slice(2)).catch(report);

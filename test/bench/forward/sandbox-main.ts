import { execFileSync } from "node:child_process";
import type { BenchOptions } from "../row.ts";
import type { SandboxResult } from "./sandbox.ts";
import { run as measureServices } from "./services.ts";
import { run as measureTraffic } from "./traffic.ts";

/** The program that sandbox.ts starts in namespaces of its own. */
const [measurement = "", options = "{}"] = process.argv.slice(2);

// The first process of its namespace: all others end with it, also when the bench is killed.
process.on("disconnect", () => process.exit());

try {
  // What ip netns, iptables and systems without /run/lock keep there is the sandbox's own.
  execFileSync("mount", ["-t", "tmpfs", "tmpfs", "/run"]);
  execFileSync("ip", ["link", "set", "lo", "up"]);
  const run = measurement === "services" ? measureServices : measureTraffic;
  answer({ rows: await run(JSON.parse(options) as BenchOptions) });
} catch (error) {
  answer({ failure: `${measurement}: ${(error as Error).stack}` });
}

function answer(result: SandboxResult): void {
  process.send?.(result, () => process.exit());
}

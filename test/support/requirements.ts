import { spawnSync } from "node:child_process";

const PROBE_MS = 30_000;

/** Why no lab can run on this machine; undefined when one can. */
export function whyNoLab(): string | undefined {
  if (process.platform !== "linux") return `a lab needs Linux, this is ${process.platform}`;
  const flags = ["--net", "--mount", "--pid", "--fork"];
  const asUser = ["--user", "--map-root-user", ...flags, "true"];
  if (succeeds("unshare", asUser) || succeeds("unshare", [...flags, "true"])) return undefined;
  return "unshare cannot make network namespaces here (no user namespaces and no privilege)";
}

/** Whether the machine, and so every pod of a lab on it, has a program. */
export function hasProgram(name: string): boolean {
  return succeeds("sh", ["-c", `command -v ${name}`]);
}

function succeeds(program: string, args: readonly string[]): boolean {
  return spawnSync(program, args, { stdio: "ignore", timeout: PROBE_MS }).status === 0;
}

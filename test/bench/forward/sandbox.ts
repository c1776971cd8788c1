import type { BenchOptions, BenchRow } from "../row.ts";
import { nextMessage, owned } from "../forward-processes.ts";
import { spawn } from "node:child_process";
import { join } from "node:path";

/** What can be measured in a sandbox: a module of this folder with a `run`. */
export type Measurement = "traffic" | "services";

/** What the program in the sandbox answers with. */
export type SandboxResult = { readonly rows: readonly BenchRow[] } | { readonly failure: string };

const PROGRAM = join(import.meta.dirname, "sandbox-main.ts");

/**
 * Measures in network, mount and process namespaces of their own, which end with this call.
 * Rejects with what went wrong inside. Root keeps its privilege, which nft needs for large sets of
 * rules; anybody else becomes root of a user namespace.
 */
export async function measureInSandbox(
  measurement: Measurement,
  options: BenchOptions,
): Promise<readonly BenchRow[]> {
  const user = process.getuid?.() === 0 ? [] : ["--user", "--map-root-user"];
  const namespaces = [...user, "--net", "--mount", "--pid", "--fork", "--kill-child"];
  const program = [process.execPath, PROGRAM, measurement, JSON.stringify(options)];
  await using child = owned(
    spawn("unshare", [...namespaces, "--mount-proc", ...program], {
      stdio: ["ignore", "inherit", "inherit", "ipc"],
    }),
  );
  const result = await nextMessage<SandboxResult>(child);
  if ("failure" in result) throw new Error(result.failure);
  return result.rows;
}

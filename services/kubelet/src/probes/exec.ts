import type { ExecProcess } from "../runtime/runtime.ts";
import type { ProbeResult } from "./probe-result.ts";

/** Most output of a command that is kept (pkg/probe/exec maxReadLength). */
const MAX_OUTPUT_BYTES = 10 * 1024;

/** Runs a command to its end; success is exit code 0. An abort kills it. Never rejects. */
export async function probeExec(
  start: () => ExecProcess,
  signal: AbortSignal,
): Promise<ProbeResult> {
  let child: ExecProcess;
  try {
    child = start();
  } catch (error) {
    return { success: false, message: (error as Error).message };
  }
  child.stdin.end();
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8");
    stream.on("data", (text: string) => {
      if (output.length < MAX_OUTPUT_BYTES) output += text.slice(0, MAX_OUTPUT_BYTES);
    });
  }
  const onAbort = (): void => child.kill();
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    const code = await child.exitCode;
    if (signal.aborted) return { success: false, message: "command timed out" };
    return { success: code === 0, message: output };
  } catch (error) {
    return { success: false, message: (error as Error).message };
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}

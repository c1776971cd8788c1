import { type ChildProcess, execFile, spawn } from "node:child_process";
import { dirname } from "node:path";
import { promisify } from "node:util";
import type { OneNode } from "./one-node.ts";

/** Starts kubectl with a node's kubeconfig; it gets no input unless `stdin` is "pipe". */
export function startKubectl(
  { kubeconfig }: OneNode,
  words: readonly string[],
  stdin: "ignore" | "pipe" = "ignore",
): ChildProcess {
  return spawn("kubectl", ["--kubeconfig", kubeconfig, ...words], {
    stdio: [stdin, "pipe", "pipe"],
    env: environment(kubeconfig),
  });
}

/** Runs kubectl with a node's kubeconfig. Rejects when it ends with another code than 0. */
export function kubectl(
  { kubeconfig }: OneNode,
  words: readonly string[],
): Promise<{ stdout: string; stderr: string }> {
  const env = environment(kubeconfig);
  return promisify(execFile)("kubectl", ["--kubeconfig", kubeconfig, ...words], { env });
}

/** kubectl keeps what it discovers below HOME. */
function environment(kubeconfig: string): NodeJS.ProcessEnv {
  return { PATH: process.env["PATH"] ?? "", HOME: dirname(kubeconfig) };
}

import { execFile, spawnSync } from "node:child_process";
import type { TestApiServer } from "./api-server.ts";

/** Whether kubectl is installed here; what needs it is skipped without. */
export const hasKubectl: boolean = spawnSync("kubectl", ["version", "--client"]).status === 0;

/** How a command ended. */
export interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs stock kubectl as the server's administrator; its cache is the server's directory. */
export function runKubectl(
  server: Pick<TestApiServer, "kubeconfig" | "directory">,
  args: readonly string[],
  input: string = "",
): Promise<Outcome> {
  const env = { ...process.env, KUBECONFIG: server.kubeconfig, HOME: server.directory };
  return new Promise((resolve) => {
    const child = execFile("kubectl", args, { env }, (error, stdout, stderr) => {
      const code = error === null ? 0 : typeof error.code === "number" ? error.code : 1;
      resolve({ code, stdout, stderr });
    });
    child.stdin?.end(input);
  });
}

import type { LabOptions, RunningLab } from "@kubehop/lab";
import { startTestLab } from "@kubehop/testkit";
import { execInPod } from "./exec.ts";
import type { ExecResult } from "./exec.ts";

/** A lab of a test's own, with a way into its pods. */
export interface TestLab extends RunningLab {
  /** Runs a command in a pod of `default`: a name, "deploy/NAME" or "sts/NAME". */
  exec(target: string, command: readonly string[], stdin?: string): Promise<ExecResult>;
}

/** What a lab is made of; files are applied before it counts as started. */
export type LabSetup = Pick<
  LabOptions,
  "nodes" | "files" | "serviceCidr" | "clusterCidr" | "proxyModes"
>;

const START_MS = 150_000;

/** Starts a lab; resolves when every workload of the files is ready. Disposing it ends everything. */
export async function startLab(setup: LabSetup): Promise<TestLab> {
  const lab = await startTestLab({ timeoutMs: START_MS, ...setup });
  return {
    ...lab,
    exec: (target, command, stdin) => {
      const request = { namespace: "default", target, command };
      const input = stdin === undefined ? {} : { stdin };
      return execInPod(lab.rest, lab.kubeconfig, { ...request, ...input });
    },
  };
}

import type { RestClient } from "@kubehop/client";
import type { LabStatus } from "./lab-status.ts";

/** A lab whose addons and workloads were all ready. Disposing it ends and removes it. */
export interface RunningLab extends AsyncDisposable {
  readonly name: string;
  /** Its state: logs, certificates, lab.json. */
  readonly directory: string;
  /** The path of the kubeconfig file for its users. */
  readonly kubeconfig: string;
  /** https://127.0.0.1:PORT */
  readonly server: string;
  /** A client with the rights of an administrator. */
  readonly rest: RestClient;
  /** Resolves with the reason when the lab ends by itself. */
  readonly ended: Promise<string>;
  /** Its processes, now. */
  status(): Promise<LabStatus>;
  /** Sends a signal to a process, e.g. ("kubelet/node-1", "SIGKILL"). Throws LabError when it does not run. */
  signal(process: string, signal: NodeJS.Signals): Promise<void>;
  /** Applies files and folders and waits until their workloads are ready. */
  apply(files: readonly string[]): Promise<void>;
}

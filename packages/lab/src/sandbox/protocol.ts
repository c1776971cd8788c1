import type { ProcessSpec, ProcessStatus, SupervisorEvent } from "../supervisor/process-spec.ts";
import type { NetworkOptions } from "./network.ts";

/** What the launcher tells a sandbox, one JSON line each on its standard input. */
export type SandboxCommand =
  | {
      /** First of all and once: build the network, open the control socket. */
      readonly type: "prepare";
      readonly network: NetworkOptions;
      readonly directory: string;
      readonly logDirectory: string;
    }
  /** Run a process as soon as the network is there. */
  | { readonly type: "start"; readonly process: ProcessSpec }
  /** End every process in good order, then the sandbox. */
  | { readonly type: "stop" };

/** What a sandbox tells its launcher, one JSON line each on its standard output. */
export type SandboxEvent =
  | SupervisorEvent
  | { readonly type: "prepared"; readonly ms: number }
  | { readonly type: "failed"; readonly message: string };

/** The answer of `GET /status` on the control socket. */
export interface SandboxStatus {
  readonly processes: readonly ProcessStatus[];
}

/** The control socket's name in the lab's folder. */
export const CONTROL_SOCKET = "control.sock";

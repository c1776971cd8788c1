import type { Readable, Writable } from "node:stream";

/** What a pod's sandbox is made from. */
export interface SandboxSpec {
  /** metadata.uid of the pod; names everything the runtime keeps for it. */
  readonly uid: string;
  readonly namespace: string;
  readonly name: string;
  /** The pod's hostname, at most 63 characters. */
  readonly hostname: string;
  /** Shares the node's network namespace instead of having its own. */
  readonly hostNetwork: boolean;
}

/** One file or directory of the node that a container sees at a path of its own. */
export interface Mount {
  /** Absolute path on the node; exists. */
  readonly source: string;
  /** Absolute path in the container; made when it is missing. */
  readonly target: string;
  readonly readOnly: boolean;
}

/** What a container is made from; the product of a pure function of the pod. */
export interface ContainerSpec {
  readonly name: string;
  /** 0 for the first start, then one more a restart. */
  readonly attempt: number;
  /** Program and arguments, never empty. */
  readonly command: readonly string[];
  /** The whole environment of the process. */
  readonly env: Readonly<Record<string, string>>;
  /** Absolute path in the container; "/" when the pod does not say. */
  readonly workingDir: string;
  readonly mounts: readonly Mount[];
  /** File that receives standard output and error, appended to. */
  readonly logPath: string;
  /** What of the pod's container this was made from (image, resolved command); kept with it. */
  readonly image: string;
}

/** Names a container of this node. */
export interface ContainerId {
  readonly podUid: string;
  readonly name: string;
  readonly attempt: number;
}

/** A container as it is now. Times are unix ms. */
export interface ContainerState {
  readonly id: ContainerId;
  readonly image: string;
  readonly logPath: string;
  readonly phase: "starting" | "running" | "exited";
  readonly createdAt: number;
  readonly startedAt?: number;
  readonly finishedAt?: number;
  /** Set with phase exited: the code, or 128 + the signal's number. */
  readonly exitCode?: number;
  /** Why a container that never ran could not be started. */
  readonly startError?: string;
}

/** A pod's sandbox as it is now, with the containers still known (exited ones until removed). */
export interface Sandbox {
  readonly spec: SandboxSpec;
  /** The pod's addresses, the primary one first; empty with hostNetwork. */
  readonly ips: readonly string[];
  /** False once its pause process is gone: the pod needs a new sandbox. */
  readonly running: boolean;
  readonly createdAt: number;
  readonly containers: readonly ContainerState[];
}

/** How a command is run in a container. */
export interface ExecOptions {
  /** Gives it a terminal; standard error then comes with standard output. */
  readonly tty?: boolean;
}

/** A command that runs in a container beside its main process. */
export interface ExecProcess {
  readonly stdin: Writable;
  readonly stdout: Readable;
  readonly stderr: Readable;
  /** Settles when the command has ended: its exit code, or 128 + the signal's number. */
  readonly exitCode: Promise<number>;
  /** Ends the command. */
  kill(): void;
}

/**
 * Runs pods. What it knows outlives the kubelet: a new runtime over the same directory finds
 * every sandbox and container again, running or exited meanwhile. Disposing a runtime ends its
 * watching, not the pods.
 */
export interface Runtime extends AsyncDisposable {
  /** Every sandbox of this node, or a pod's; a snapshot that costs no system call. */
  list(podUid?: string): readonly Sandbox[];
  /** Makes a pod's sandbox (network namespace, address, hostname), or gives the running one. */
  runSandbox(spec: SandboxSpec): Promise<Sandbox>;
  /** Kills what still runs in a sandbox and forgets it with its containers; absent is fine. */
  removeSandbox(podUid: string): Promise<void>;
  /** Starts a container in a running sandbox. Rejects with ContainerStartError when it can't. */
  startContainer(podUid: string, spec: ContainerSpec): Promise<ContainerState>;
  /** Signals a container's main process; SIGKILL reaches every process of the container. */
  signalContainer(id: ContainerId, signal: NodeJS.Signals): void;
  /** Forgets an exited container; its log stays. */
  removeContainer(id: ContainerId): Promise<void>;
  /** Runs a command in a running container. Throws when it does not run. */
  exec(id: ContainerId, command: readonly string[], options?: ExecOptions): ExecProcess;
  /** Calls back with the pod's uid whenever a container or sandbox of it changed by itself. */
  onChange(handler: (podUid: string) => void): Disposable;
}

/** Why a container could not be started. */
export class ContainerStartError extends Error {
  override readonly name = "ContainerStartError";
  /** The waiting reason of the container's status. */
  readonly reason:
    | "CreateContainerConfigError"
    | "CreateContainerError"
    | "ErrImagePull"
    | "RunContainerError";

  /** Takes the waiting reason and the message for it. */
  constructor(reason: ContainerStartError["reason"], message: string) {
    super(message);
    this.reason = reason;
  }
}

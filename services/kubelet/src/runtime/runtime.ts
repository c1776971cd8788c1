import type { Readable, Writable } from "node:stream";

/** A policy by which images are fetched. */
export type PullPolicy = "Always" | "IfNotPresent" | "Never";

/** A runtime that does not answer. */
export interface RuntimeProblem {
  /** unix ms. */
  readonly since: number;
  readonly message: string;
}

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
  readonly image: string;
  /** What the pod has the container run; empty: what the image has it run. */
  readonly command: readonly string[];
  /** Arguments, after `command` or else after the image's entry point; empty: the image's. */
  readonly args: readonly string[];
  /** What the pod and the Services give; what the image gives lies below. */
  readonly env: Readonly<Record<string, string>>;
  /** Absolute path in the container; "" when the pod does not say. */
  readonly workingDir: string;
  readonly mounts: readonly Mount[];
  /** File that receives standard output and error, where the runtime has logs in files. */
  readonly logPath: string;
  readonly limits: ResourceLimits;
  /** Its last lines stand for last words it did not leave (FallbackToLogsOnError). */
  readonly lastWordsFromLog: boolean;
  /** It reads what clients write: until the first one is done, or for ever. Absent: it has no input. */
  readonly stdin?: "once" | "open";
  /** It runs in a terminal, where the runtime has one for it. */
  readonly tty?: boolean;
  /** The container whose processes it is to see; absent: what the pod's containers see anyhow. */
  readonly target?: ContainerId;
}

/** The most a container may use; absent: no limit. */
export interface ResourceLimits {
  readonly memoryBytes?: number;
  /** CPUs, e.g. 0.5. */
  readonly cpus?: number;
}

/** An image that a container needs. */
export interface ImageRequest {
  readonly image: string;
  readonly policy: PullPolicy;
  /** The container says itself what to run. */
  readonly hasCommand: boolean;
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
  /** It answers nothing: its processes are frozen, or have just ended. */
  readonly silent?: boolean;
  /** It was killed because it used more memory than it may. */
  readonly oomKilled?: boolean;
  /** Its name in the API, where it is not made of the id: `docker://…`. */
  readonly containerId?: string;
  /** What the runtime calls the image it was made from. */
  readonly imageId?: string;
  /** The end of its log, where logs are not in files. */
  readonly lastLines?: string;
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

/** What of a log is wanted (PodLogOptions). */
export interface LogQuery {
  readonly follow: boolean;
  readonly previous: boolean;
  readonly timestamps: boolean;
  readonly tailLines?: number;
  readonly limitBytes?: number;
  /** unix ms: only what was written since then. */
  readonly since?: number;
}

/**
 * Reads a log until its end, or with `follow` until the container ends or the signal aborts: once
 * this has resolved, whatever is written is read. Rejects when it cannot be read.
 */
export type LogReader = (query: LogQuery, signal: AbortSignal) => Promise<AsyncIterable<Buffer>>;

/**
 * Runs pods. What it knows outlives the kubelet: a new runtime over the same directory finds
 * every sandbox and container again, running or exited meanwhile. Disposing a runtime ends its
 * watching, not the pods.
 */
export interface Runtime extends AsyncDisposable {
  /** Its name as containers' ids and nodes have it: "netns", "docker". */
  readonly name: string;
  /** e.g. "20.10.24". */
  version(): string;
  /** Why pods cannot be started or stopped now; undefined when all is well. */
  problem(): RuntimeProblem | undefined;
  /** Every sandbox of this node, or a pod's; a snapshot that costs no system call. */
  list(podUid?: string): readonly Sandbox[];
  /** Makes a pod's sandbox (network namespace, address, hostname), or gives the running one. */
  runSandbox(spec: SandboxSpec): Promise<Sandbox>;
  /**
   * Gives back the network of a sandbox in which nothing runs any more; what is needed to read the
   * logs of its containers stays. Absent is fine.
   */
  stopSandbox(podUid: string): Promise<void>;
  /** Kills what still runs in a sandbox and forgets it with its containers; absent is fine. */
  removeSandbox(podUid: string): Promise<void>;
  /**
   * Has an image at hand; `onPull` is called before it is fetched. Resolves to whether it was
   * fetched now. Rejects with ContainerStartError.
   */
  ensureImage(request: ImageRequest, onPull: () => void): Promise<boolean>;
  /** Starts a container in a running sandbox. Rejects with ContainerStartError when it can't. */
  startContainer(podUid: string, spec: ContainerSpec): Promise<ContainerState>;
  /** Signals a container's main process; SIGKILL reaches every process of the container. */
  signalContainer(id: ContainerId, signal: NodeJS.Signals): void;
  /** Forgets an exited container; its log stays. */
  removeContainer(id: ContainerId): Promise<void>;
  /** Runs a command in a running container. Throws when it does not run. */
  exec(id: ContainerId, command: readonly string[], options?: ExecOptions): ExecProcess;
  /**
   * A way into the standard input of a running container; undefined when it was started without.
   * Throws when it does not run.
   */
  input(id: ContainerId): Writable | undefined;
  /** Reads a container's log where logs are not files at `logPath`; undefined when they are. */
  log(id: ContainerId): LogReader | undefined;
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
    | "ErrImageNeverPull"
    | "ErrImagePull"
    | "RunContainerError";

  /** Takes the waiting reason and the message for it. */
  constructor(reason: ContainerStartError["reason"], message: string) {
    super(message);
    this.reason = reason;
  }
}

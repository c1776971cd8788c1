import type { ContainerSpec, Mount, SandboxSpec } from "../runtime.ts";
import type { OwnImage } from "./images.ts";
import { RUNTIME_LABELS } from "./names.ts";

/** What a node gives to every container of its pods. */
export interface NodeContext {
  /** The node's network. */
  readonly network: string;
  /** kubehop's own image: that of pause containers. */
  readonly image: string;
  /** Container whose network a pod with hostNetwork shares; undefined: the machine's. */
  readonly hostNetworkOf: string | undefined;
  /** Labels by which compose knows whose the containers are. */
  readonly labels: Readonly<Record<string, string>>;
}

/** The body of a request that makes a container, as far as it is used. */
export interface CreateRequest {
  readonly Image: string;
  readonly Entrypoint?: readonly string[];
  readonly Cmd?: readonly string[];
  readonly Env?: readonly string[];
  readonly WorkingDir?: string;
  readonly Hostname?: string;
  readonly User?: string;
  readonly Labels: Readonly<Record<string, string>>;
  readonly Tty?: boolean;
  readonly OpenStdin?: boolean;
  readonly StdinOnce?: boolean;
  readonly Healthcheck: { readonly Test: readonly string[] };
  readonly HostConfig: Readonly<Record<string, unknown>>;
  readonly NetworkingConfig?: Readonly<Record<string, unknown>>;
}

/** The kubelet probes: a health check of the image would only cost. */
const NO_HEALTHCHECK = { Test: ["NONE"] };
const NEVER_RESTART = { Name: "no" };
/** A pod's log takes at most about 20 MB; `kubectl logs` reads both files. */
const LOGS = { Type: "json-file", Config: { "max-size": "10m", "max-file": "2" } };
const NANO = 1e9;
/** The engine takes no limit below 6 MB. */
const LEAST_MEMORY_BYTES = 6 * 1_024 * 1_024;
/** The engine takes no limit below a hundredth of a CPU. */
const LEAST_CPUS = 0.01;

/** The container that holds a pod's network, host name and memory segments; it only waits. */
export function pauseRequest(spec: SandboxSpec, node: NodeContext): CreateRequest {
  const hostNetwork = node.hostNetworkOf === undefined ? "host" : `container:${node.hostNetworkOf}`;
  return {
    Image: node.image,
    Entrypoint: ["sleep", "infinity"],
    Cmd: [],
    // Nothing in it may become another user, and nothing has to.
    User: "65535:65535",
    ...(spec.hostNetwork ? {} : { Hostname: spec.hostname }),
    Labels: {
      ...node.labels,
      ...podLabels(spec, node),
      [RUNTIME_LABELS.type]: "podsandbox",
    },
    Healthcheck: NO_HEALTHCHECK,
    HostConfig: {
      NetworkMode: spec.hostNetwork ? hostNetwork : node.network,
      IpcMode: "shareable",
      CapDrop: ["ALL"],
      SecurityOpt: ["no-new-privileges"],
      ReadonlyRootfs: true,
      RestartPolicy: NEVER_RESTART,
      LogConfig: LOGS,
    },
  };
}

/** What one container of a pod is made from beside its spec. */
export interface ContainerContext {
  readonly sandbox: SandboxSpec;
  /** The engine's id of the pause container. */
  readonly pauseId: string;
  readonly node: NodeContext;
  /** Set for the programs of kubehop's own image, with the arguments they have by default. */
  readonly own: (OwnImage & { readonly args: readonly string[] }) | undefined;
  /** The mounts, their sources as the engine's machine has them. */
  readonly mounts: readonly Mount[];
  /** The engine's id of the container whose processes it is to see. */
  readonly targetId?: string | undefined;
}

/** One container of a pod, in the namespaces of its pause container. */
export function containerRequest(spec: ContainerSpec, context: ContainerContext): CreateRequest {
  const { sandbox, pauseId, node, mounts, targetId } = context;
  return {
    Image: context.own?.image ?? spec.image,
    ...program(spec, context.own),
    Env: Object.entries(spec.env).map(([name, value]) => `${name}=${value}`),
    ...(spec.workingDir === "" ? {} : { WorkingDir: spec.workingDir }),
    Labels: {
      ...node.labels,
      ...podLabels(sandbox, node),
      [RUNTIME_LABELS.type]: "container",
      [RUNTIME_LABELS.container]: spec.name,
      [RUNTIME_LABELS.attempt]: String(spec.attempt),
      [RUNTIME_LABELS.image]: spec.image,
      [RUNTIME_LABELS.logPath]: spec.logPath,
      ...(spec.lastWordsFromLog ? { [RUNTIME_LABELS.lastWords]: "FallbackToLogsOnError" } : {}),
    },
    ...(spec.tty === true && { Tty: true }),
    ...(spec.stdin !== undefined && { OpenStdin: true, StdinOnce: spec.stdin === "once" }),
    Healthcheck: NO_HEALTHCHECK,
    HostConfig: {
      NetworkMode: `container:${pauseId}`,
      IpcMode: `container:${pauseId}`,
      ...(targetId !== undefined && { PidMode: `container:${targetId}` }),
      RestartPolicy: NEVER_RESTART,
      LogConfig: LOGS,
      Mounts: mounts.map(({ source, target, readOnly }) => {
        return { Type: "bind", Source: source, Target: target, ReadOnly: readOnly };
      }),
      ...limits(spec),
    },
  };
}

/** `command` replaces the image's entry point and arguments, `args` only its arguments. */
function program(
  { command, args }: ContainerSpec,
  own: ContainerContext["own"],
): Pick<CreateRequest, "Cmd" | "Entrypoint"> {
  if (command.length > 0) return { Entrypoint: command, Cmd: args };
  if (own !== undefined) return { Cmd: [...own.program, ...(args.length > 0 ? args : own.args)] };
  return args.length > 0 ? { Cmd: args } : {};
}

function limits({ limits: { memoryBytes, cpus } }: ContainerSpec): Record<string, number> {
  const memory = Math.max(memoryBytes ?? 0, LEAST_MEMORY_BYTES);
  return {
    // As much with swap as without: a pod has no swap.
    ...(memoryBytes === undefined ? {} : { Memory: memory, MemorySwap: memory }),
    ...(cpus === undefined ? {} : { NanoCpus: Math.round(Math.max(cpus, LEAST_CPUS) * NANO) }),
  };
}

function podLabels(spec: SandboxSpec, { network }: NodeContext): Record<string, string> {
  return {
    [RUNTIME_LABELS.network]: network,
    [RUNTIME_LABELS.uid]: spec.uid,
    [RUNTIME_LABELS.namespace]: spec.namespace,
    [RUNTIME_LABELS.podName]: spec.name,
    [RUNTIME_LABELS.sandbox]: JSON.stringify(spec),
  };
}

import { isAbsolute, join, normalize } from "node:path";
import {
  type Container,
  type EphemeralContainer,
  parseQuantity,
  type Pod,
  type VolumeMount,
} from "@kubehop/api";
import { containerEnv, type EnvironmentContext } from "./environment.ts";
import {
  type ContainerId,
  type ContainerSpec,
  ContainerStartError,
  type Mount,
  type ResourceLimits,
} from "./runtime/runtime.ts";
import { expandVariables } from "./variable-expansion.ts";

/** What a container's spec is made from beside the container and what its environment needs. */
export interface ContainerContext extends EnvironmentContext {
  readonly attempt: number;
  /** Directory of each volume of the pod, by name. */
  readonly volumes: Readonly<Record<string, string>>;
  /** Files the kubelet keeps for the pod: hosts, resolv.conf, the container's last words. */
  readonly files: PodFiles;
  readonly logPath: string;
  /** The start of the container that an ephemeral one targets. */
  readonly target?: ContainerId | undefined;
}

/** Paths on the node. */
export interface PodFiles {
  readonly hosts: string;
  readonly resolvConf: string;
  readonly terminationLog: string;
}

/** Where a container leaves its last words when it does not say (v1 default). */
const TERMINATION_LOG = "/dev/termination-log";

/**
 * What the runtime has to run for a container of a pod. Throws ContainerStartError when the pod
 * asks for what there is not: a missing ConfigMap key, a volume that does not exist.
 */
export function podToSpec(container: Container, context: ContainerContext): ContainerSpec {
  const env = containerEnv(container, context);
  const expand = (words: readonly string[] = []): string[] =>
    words.map((word) => expandVariables(word, env));
  return {
    name: container.name,
    attempt: context.attempt,
    image: container.image ?? "",
    command: expand(container.command),
    args: expand(container.args),
    env,
    workingDir: container.workingDir ?? "",
    mounts: [...ownFiles(container, context), ...volumeMounts(container, context, env)],
    logPath: context.logPath,
    limits: limitsOf(container),
    lastWordsFromLog: container.terminationMessagePolicy === "FallbackToLogsOnError",
    ...(container.stdin === true && { stdin: container.stdinOnce === true ? "once" : "open" }),
    ...(container.tty === true && { tty: true }),
    ...(context.target !== undefined && { target: context.target }),
  };
}

/** Every container of a pod that its kubelet runs, init containers first, ephemeral ones last. */
export function allContainers({ spec }: Pod): readonly EphemeralContainer[] {
  const { initContainers = [], containers, ephemeralContainers = [] } = spec;
  return [...initContainers, ...containers, ...ephemeralContainers];
}

function ownFiles(container: Container, { files }: ContainerContext): Mount[] {
  const mounted = new Set((container.volumeMounts ?? []).map((mount) => mount.mountPath));
  const own: Mount[] = [
    { source: files.hosts, target: "/etc/hosts", readOnly: false },
    { source: files.resolvConf, target: "/etc/resolv.conf", readOnly: false },
    {
      source: files.terminationLog,
      target: container.terminationMessagePath || TERMINATION_LOG,
      readOnly: false,
    },
  ];
  return own.filter((mount) => !mounted.has(mount.target));
}

function limitsOf({ resources }: Container): ResourceLimits {
  const memoryBytes = parseQuantity(resources?.limits?.["memory"] ?? "");
  const cpus = parseQuantity(resources?.limits?.["cpu"] ?? "");
  return {
    ...(memoryBytes === undefined ? {} : { memoryBytes }),
    ...(cpus === undefined ? {} : { cpus }),
  };
}

function volumeMounts(
  container: Container,
  context: ContainerContext,
  env: Readonly<Record<string, string>>,
): Mount[] {
  return (container.volumeMounts ?? []).map((mount) => {
    const directory = context.volumes[mount.name];
    if (directory === undefined) {
      throw new ContainerStartError(
        "CreateContainerConfigError",
        `volumeMount "${mount.name}" of container "${container.name}" names no volume of the pod`,
      );
    }
    return {
      source: join(directory, subPath(mount, env)),
      target: isAbsolute(mount.mountPath) ? normalize(mount.mountPath) : `/${mount.mountPath}`,
      readOnly: mount.readOnly === true || isReadOnlyVolume(context.pod, mount.name),
    };
  });
}

function subPath(mount: VolumeMount, env: Readonly<Record<string, string>>): string {
  const path = mount.subPathExpr ? expandVariables(mount.subPathExpr, env) : (mount.subPath ?? "");
  if (isAbsolute(path) || path.split("/").includes("..")) {
    throw new ContainerStartError(
      "CreateContainerConfigError",
      `subPath "${path}" of volumeMount "${mount.name}" leads out of its volume`,
    );
  }
  return path;
}

/** Volumes whose files are the kubelet's are never written by a container (as upstream). */
function isReadOnlyVolume(pod: Pod, name: string): boolean {
  const volume = (pod.spec.volumes ?? []).find((candidate) => candidate.name === name);
  return (
    volume?.configMap !== undefined ||
    volume?.secret !== undefined ||
    volume?.projected !== undefined ||
    volume?.downwardAPI !== undefined
  );
}

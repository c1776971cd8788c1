import { dirname, isAbsolute, join, normalize } from "node:path";
import type { Container, Pod, VolumeMount } from "@kubehop/api";
import { findImage } from "./catalogue.ts";
import { containerEnv, type EnvironmentContext } from "./environment.ts";
import { podHostname } from "./hosts-file.ts";
import { type ContainerSpec, ContainerStartError, type Mount } from "./runtime/runtime.ts";
import { expandVariables } from "./variable-expansion.ts";

/** What a container's spec is made from beside the container and what its environment needs. */
export interface ContainerContext extends EnvironmentContext {
  readonly attempt: number;
  /** Directory of each volume of the pod, by name. */
  readonly volumes: Readonly<Record<string, string>>;
  /** Files the kubelet keeps for the pod: hosts, resolv.conf, the container's last words. */
  readonly files: PodFiles;
  readonly logPath: string;
  /** Directories searched for programs. */
  readonly path: string;
  /** Directory of the node that keeps what V8 made of our own programs. */
  readonly compileCache: string;
}

/** Paths on the node. */
export interface PodFiles {
  readonly hosts: string;
  readonly resolvConf: string;
  readonly terminationLog: string;
}

/** Where the images that are Node programs of ours find the compile cache of their node. */
const COMPILE_CACHE = "/var/cache/kubehop/compile";

/** Where a container leaves its last words when it does not say (v1 default). */
const TERMINATION_LOG = "/dev/termination-log";

/** The programs a node always has, in the order an image's PATH has them. */
export const DEFAULT_PATH: string = [
  dirname(process.execPath),
  "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
].join(":");

/**
 * What the runtime has to run for a container of a pod. Throws ContainerStartError when the pod
 * asks for what there is not: a missing ConfigMap key, a volume that does not exist.
 */
export function podToSpec(container: Container, context: ContainerContext): ContainerSpec {
  const { pod, attempt, path, logPath } = context;
  const given = containerEnv(container, context);
  const cache = usesCompileCache(container) ? { NODE_COMPILE_CACHE: COMPILE_CACHE } : {};
  const env = { PATH: path, HOSTNAME: podHostname(pod), HOME: "/root", ...cache, ...given };
  const command = containerCommand(container).map((word) => expandVariables(word, given));
  return {
    name: container.name,
    attempt,
    command,
    env,
    workingDir: container.workingDir || "/",
    mounts: [...ownFiles(container, context), ...volumeMounts(container, context, given)],
    logPath,
    image: container.image ?? "",
  };
}

/**
 * Program and arguments of a container: `command` and `args`, each with the image's as fallback
 * (as the table in the documentation of `command`). Empty when nothing says what to run.
 */
export function containerCommand(container: Container): string[] {
  const { command = [], args = [] } = container;
  if (command.length > 0) return [...command, ...args];
  const image = findImage(container.image ?? "");
  if (image === undefined) return [];
  return [...image.entrypoint, ...(args.length > 0 ? args : image.args)];
}

/** Every container of a pod that its kubelet runs, init containers first. */
export function allContainers(pod: Pod): readonly Container[] {
  return [...(pod.spec.initContainers ?? []), ...pod.spec.containers];
}

function ownFiles(container: Container, { files, compileCache }: ContainerContext): Mount[] {
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
  if (usesCompileCache(container)) {
    own.push({ source: compileCache, target: COMPILE_CACHE, readOnly: false });
  }
  return own.filter((mount) => !mounted.has(mount.target));
}

/** Pods of a node share compiled code: all but the first start in about half the time. */
function usesCompileCache(container: Container): boolean {
  const image = findImage(container.image ?? "");
  return (container.command ?? []).length === 0 && image?.entrypoint[0] === process.execPath;
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

import { readdirSync } from "node:fs";
import { join } from "node:path";
import type { Writable } from "node:stream";
import type { Pod } from "@kubehop/api";
import { logPath, type PodDirectories } from "../pod-files.ts";
import { allContainers } from "../pod-to-spec.ts";
import { isMirrorPod, type MirrorPods } from "../mirror/mirror-pods.ts";
import type { StaticContainer } from "../mirror/static-pod.ts";
import type {
  ContainerId,
  ContainerState,
  ExecOptions,
  ExecProcess,
  LogReader,
  Runtime,
  Sandbox,
} from "../runtime/runtime.ts";
import type { PodWatch } from "../watches.ts";
import { type LogSource, readLog } from "./log-reader.ts";
import type { LogStore } from "./log-store.ts";

/** A request that names what there is not. */
export class RequestError extends Error {
  override readonly name = "RequestError";
  readonly statusCode: number;

  /** Takes the HTTP status and a sentence for the user. */
  constructor(statusCode: number, message: string) {
    super(message);
    this.statusCode = statusCode;
  }
}

/** Where requests look. */
export interface RequestContext {
  readonly pods: PodWatch;
  readonly runtime: Runtime;
  readonly mirrors: Pick<MirrorPods, "find">;
  readonly logs: LogStore;
  readonly directories: PodDirectories;
}

/** A container as a path names it. */
export interface ContainerPath {
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
}

/** How the log of a container's newest start, or of the one before, is read. Throws RequestError. */
export function findLog(
  context: RequestContext,
  path: ContainerPath,
  previous: boolean,
): LogReader {
  const pod = findPod(context, path);
  const mirrored = findMirrored(context, path, pod);
  if (mirrored !== undefined) return mirroredLog(mirrored, { path, pod, previous });
  const podUid = pod.metadata.uid ?? "";
  const { container } = path;
  const attempt = attemptsOf(context, podUid, container).at(previous ? -2 : -1);
  if (attempt === undefined) {
    if (previous) throw noPrevious(path);
    const reason = waitingReason(pod, container);
    throw new RequestError(400, `${named(path)} is waiting to start: ${reason}`);
  }
  const id = { podUid, name: container, attempt };
  return context.runtime.log(id) ?? fileLog(context, id);
}

/** Runs a command in a container. Throws RequestError when it does not run. */
export function findExec(context: RequestContext, path: ContainerPath): Exec {
  const pod = findPod(context, path);
  const mirrored = findMirrored(context, path, pod);
  if (mirrored !== undefined) return (command, options) => mirrored.exec(command, options);
  const running = runningContainer(context, path, pod);
  return (command, options) => context.runtime.exec(running.id, command, options);
}

/**
 * A way into the standard input of a running container; undefined when it has none. Throws
 * RequestError when the container does not run any more.
 */
export function findInput(context: RequestContext, path: ContainerPath): Writable | undefined {
  const pod = findPod(context, path);
  if (isMirrorPod(pod)) return undefined;
  const running = runningContainer(context, path, pod);
  try {
    return context.runtime.input(running.id);
  } catch (error) {
    throw new RequestError(400, `container not running (${path.container}): ${String(error)}`);
  }
}

/** Runs a command in a container that was found. */
export type Exec = (command: readonly string[], options: ExecOptions) => ExecProcess;

function runningContainer(
  { runtime }: RequestContext,
  { container }: ContainerPath,
  pod: Pod,
): ContainerState {
  const known = runtime.list(pod.metadata.uid ?? "")[0]?.containers ?? [];
  const running = known.find(({ id, phase }) => id.name === container && phase === "running");
  if (running === undefined) throw new RequestError(400, `container not running (${container})`);
  return running;
}

/** The container of a pod that somebody else runs; undefined for pods of the runtime. */
function findMirrored(
  { mirrors }: RequestContext,
  { namespace, pod: name, container }: ContainerPath,
  pod: Pod,
): StaticContainer | undefined {
  if (!isMirrorPod(pod)) return undefined;
  const found = mirrors.find({ namespace, name })?.containers.get(container);
  if (found !== undefined) return found;
  throw new RequestError(400, `container not running (${container})`);
}

interface MirroredLog {
  readonly path: ContainerPath;
  readonly pod: Pod;
  readonly previous: boolean;
}

/** All starts of such a container have one log; each is the part after its start. */
function mirroredLog(container: StaticContainer, { path, pod, previous }: MirroredLog): LogReader {
  const { startedAt = 0 } = container.state;
  const status = pod.status?.containerStatuses?.find(({ name }) => name === path.container);
  if (previous && (status?.restartCount ?? 0) === 0) throw noPrevious(path);
  return container.log(previous ? { until: startedAt } : { from: startedAt });
}

function fileLog({ runtime, logs, directories }: RequestContext, id: ContainerId): LogReader {
  const state = (): ContainerState | undefined => stateOf(runtime, id);
  const source: LogSource = {
    path: logPath(directories, id),
    store: logs,
    startedAt: state()?.startedAt ?? Date.now(),
    isRunning: () => ["starting", "running"].includes(state()?.phase ?? ""),
  };
  return async (query, signal) => readLog(source, query, signal);
}

function noPrevious(path: ContainerPath): RequestError {
  return new RequestError(400, `previous terminated ${named(path)} not found`);
}

function named({ container, pod }: ContainerPath): string {
  return `container "${container}" in pod "${pod}"`;
}

/** The running sandbox of a pod. Throws RequestError when there is none. */
export function findSandbox(
  context: Pick<RequestContext, "pods" | "runtime">,
  { namespace, pod }: Omit<ContainerPath, "container">,
): Sandbox {
  const found = context.pods.byName(namespace, pod);
  if (found === undefined) throw new RequestError(404, `pod "${pod}" not found on this node`);
  const [sandbox] = context.runtime.list(found.metadata.uid ?? "");
  if (sandbox?.running === true) return sandbox;
  throw new RequestError(400, `unable to forward port because pod is not running: "${pod}"`);
}

function findPod({ pods }: RequestContext, { namespace, pod, container }: ContainerPath): Pod {
  const found = pods.byName(namespace, pod);
  if (found === undefined) throw new RequestError(404, `pod "${pod}" not found on this node`);
  if (!allContainers(found).some(({ name }) => name === container)) {
    throw new RequestError(400, `container ${container} is not valid for pod ${pod}`);
  }
  return found;
}

/** The starts whose log there is, the oldest first: those the runtime knows, and old files. */
function attemptsOf({ runtime, directories }: RequestContext, uid: string, name: string): number[] {
  const containers = runtime.list(uid)[0]?.containers ?? [];
  const known = containers.filter(({ id }) => id.name === name).map(({ id }) => id.attempt);
  const files = filesIn(join(directories.logs, uid, name)).filter((file) => file.endsWith(".log"));
  const kept = files.map((file) => Number.parseInt(file, 10));
  return [...new Set([...known, ...kept])].sort((a, b) => a - b);
}

function filesIn(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}

function stateOf(runtime: Runtime, id: ContainerId): ContainerState | undefined {
  return runtime
    .list(id.podUid)[0]
    ?.containers.find((state) => state.id.name === id.name && state.id.attempt === id.attempt);
}

function waitingReason({ status = {} }: Pod, container: string): string {
  const { initContainerStatuses: init = [], containerStatuses: main = [] } = status;
  const statuses = [...init, ...main, ...(status.ephemeralContainerStatuses ?? [])];
  const found = statuses.find(({ name }) => name === container);
  return found?.state?.waiting?.reason ?? "ContainerCreating";
}

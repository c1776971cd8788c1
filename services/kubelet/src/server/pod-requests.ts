import { readdirSync } from "node:fs";
import { join } from "node:path";
import type { Pod } from "@kubehop/api";
import { logPath, type PodDirectories } from "../pod-files.ts";
import { allContainers } from "../pod-to-spec.ts";
import type { ContainerId, ContainerState, Runtime } from "../runtime/runtime.ts";
import type { PodWatch } from "../watches.ts";
import type { LogSource } from "./log-reader.ts";
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
  readonly logs: LogStore;
  readonly directories: PodDirectories;
}

/** A container as a path names it. */
export interface ContainerPath {
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
}

/** The log of a container's newest start, or of the one before. Throws RequestError. */
export function findLog(
  context: RequestContext,
  path: ContainerPath,
  previous: boolean,
): LogSource {
  const pod = findPod(context, path);
  const podUid = pod.metadata.uid ?? "";
  const { container } = path;
  const attempts = attemptsOnDisk(context, podUid, container);
  const attempt = attempts.at(previous ? -2 : -1);
  const where = `container "${container}" in pod "${path.pod}"`;
  if (attempt === undefined) {
    if (previous) throw new RequestError(400, `previous terminated ${where} not found`);
    throw new RequestError(400, `${where} is waiting to start: ${waitingReason(pod, container)}`);
  }
  const id = { podUid, name: container, attempt };
  const state = (): ContainerState | undefined => stateOf(context.runtime, id);
  return {
    path: logPath(context.directories, id),
    store: context.logs,
    startedAt: state()?.startedAt ?? Date.now(),
    isRunning: () => ["starting", "running"].includes(state()?.phase ?? ""),
  };
}

/** The running start of a container. Throws RequestError when it does not run. */
export function findRunning(context: RequestContext, path: ContainerPath): ContainerId {
  const pod = findPod(context, path);
  const running = (context.runtime.list(pod.metadata.uid ?? "")[0]?.containers ?? []).find(
    ({ id, phase }) => id.name === path.container && phase === "running",
  );
  if (running !== undefined) return running.id;
  throw new RequestError(400, `container not running (${path.container})`);
}

function findPod({ pods }: RequestContext, { namespace, pod, container }: ContainerPath): Pod {
  const found = pods.byName(namespace, pod);
  if (found === undefined) throw new RequestError(404, `pod "${pod}" not found on this node`);
  if (!allContainers(found).some(({ name }) => name === container)) {
    throw new RequestError(400, `container ${container} is not valid for pod ${pod}`);
  }
  return found;
}

function attemptsOnDisk({ directories }: RequestContext, uid: string, name: string): number[] {
  try {
    return readdirSync(join(directories.logs, uid, name))
      .filter((file) => file.endsWith(".log"))
      .map((file) => Number.parseInt(file, 10))
      .sort((a, b) => a - b);
  } catch {
    return [];
  }
}

function stateOf(runtime: Runtime, id: ContainerId): ContainerState | undefined {
  return runtime
    .list(id.podUid)[0]
    ?.containers.find((state) => state.id.name === id.name && state.id.attempt === id.attempt);
}

function waitingReason({ status }: Pod, container: string): string {
  const statuses = [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])];
  const found = statuses.find(({ name }) => name === container);
  return found?.state?.waiting?.reason ?? "ContainerCreating";
}

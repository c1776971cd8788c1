import type { ContainerStateTerminated, ContainerStatus, Pod } from "@kubehop/api";
import type { ContainerState } from "./runtime/runtime.ts";

/** Exit code of a container of which nobody saw the end (upstream: ContainerStatusUnknown). */
const UNKNOWN_EXIT_CODE = 137;

/**
 * The last start of a main or ephemeral container as the API server remembers it, for a node that
 * lost it (its sandbox died, or the whole lab was started again): restart counts go on, and what
 * must not be restarted is not. Undefined when it never ran.
 */
export function rememberedState(pod: Pod, name: string): ContainerState | undefined {
  const status = statusOf(pod, name);
  if (status === undefined) return undefined;
  const { running, terminated } = status.state ?? {};
  const ended: ContainerStateTerminated | undefined =
    running === undefined
      ? (terminated ?? status.lastState?.terminated)
      : { exitCode: UNKNOWN_EXIT_CODE, ...running };
  return ended === undefined ? undefined : endedStart(pod, status, ended, status.restartCount);
}

/**
 * The start before `attempt` as the API server remembers it, for a container whose first start in
 * this sandbox is not its first one. Undefined when it does not know.
 */
export function rememberedPrevious(
  pod: Pod,
  name: string,
  attempt: number,
): ContainerState | undefined {
  const status = statusOf(pod, name);
  if (status?.restartCount === attempt - 1) return rememberedState(pod, name);
  const ended = status?.lastState?.terminated;
  if (status?.restartCount !== attempt || ended === undefined) return undefined;
  return endedStart(pod, status, ended, attempt - 1);
}

function statusOf({ status = {} }: Pod, name: string): ContainerStatus | undefined {
  const { containerStatuses = [], ephemeralContainerStatuses = [] } = status;
  return [...containerStatuses, ...ephemeralContainerStatuses].find((one) => one.name === name);
}

function endedStart(
  pod: Pod,
  status: ContainerStatus,
  ended: ContainerStateTerminated,
  attempt: number,
): ContainerState {
  const startedAt = toMs(ended.startedAt);
  return {
    id: { podUid: pod.metadata.uid ?? "", name: status.name, attempt },
    image: status.image ?? "",
    logPath: "",
    phase: "exited",
    createdAt: startedAt,
    startedAt,
    finishedAt: ended.finishedAt === undefined ? startedAt : toMs(ended.finishedAt),
    exitCode: ended.exitCode,
  };
}

function toMs(time: string | undefined): number {
  return Date.parse(time ?? "") || 0;
}

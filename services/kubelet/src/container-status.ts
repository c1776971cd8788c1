import type {
  Container,
  ContainerStateTerminated,
  ContainerStateWaiting,
  ContainerStatus,
  EphemeralContainer,
} from "@kubehop/api";
import { repositoryOf } from "./catalogue.ts";
import type { ContainerState } from "./runtime/runtime.ts";
import { toTime } from "./time.ts";

/** Everything a container's status is computed from. */
export interface ContainerFacts {
  /** Its newest start and the one before. */
  readonly latest?: ContainerState;
  readonly previous?: ContainerState;
  /** Why it does not run, when it should and does not. */
  readonly waiting?: ContainerStateWaiting;
  /** Its startup probe has succeeded and its postStart hook has ended well. */
  readonly started: boolean;
  /** Its readiness probe succeeds, or it has none. */
  readonly ready: boolean;
  /** It is an init container that runs once: ready means ended well. */
  readonly runsOnce: boolean;
  /** The last words a start left. */
  lastWords(state: ContainerState): string | undefined;
}

/** Names a container in the API: `docker://ID`, or `netns://POD-UID/NAME/ATTEMPT`. */
export function containerId({ containerId, id }: ContainerState): string {
  return containerId ?? `netns://${id.podUid}/${id.name}/${id.attempt}`;
}

/** The status of one container: waiting, running or terminated, and how its last start ended. */
export function containerStatus(container: Container, facts: ContainerFacts): ContainerStatus {
  const { latest } = facts;
  const image = container.image ?? "";
  return {
    name: container.name,
    restartCount: latest?.id.attempt ?? 0,
    image,
    imageID: latest === undefined ? "" : (latest.imageId ?? repositoryOf(image)),
    ...(latest === undefined ? {} : { containerID: containerId(latest) }),
    ...stateOf(facts),
  };
}

/** The status of an ephemeral container: nobody asks whether it is ready, or has started well. */
export function ephemeralContainerStatus(
  container: EphemeralContainer,
  facts: ContainerFacts,
): ContainerStatus {
  const { started: _started, ...status } = containerStatus(container, facts);
  return { ...status, ready: false };
}

type StatePart = Pick<ContainerStatus, "lastState" | "ready" | "started" | "state">;

function stateOf(facts: ContainerFacts): StatePart {
  const { latest, previous, waiting } = facts;
  if (waiting === undefined && latest?.phase === "running") return runningState(latest, facts);
  if (waiting === undefined && latest?.phase === "exited") {
    const state = { terminated: terminated(latest, facts) };
    const ready = facts.runsOnce && latest.exitCode === 0;
    return { state, ...lastState(previous, facts), ready, started: false };
  }
  const ended = latest?.phase === "exited" ? latest : previous;
  const state = { waiting: waiting ?? { reason: "ContainerCreating" } };
  return { state, ...lastState(ended, facts), ready: false, started: false };
}

function runningState(latest: ContainerState, facts: ContainerFacts): StatePart {
  const { started } = facts;
  const state = { running: { startedAt: toTime(latest.startedAt ?? latest.createdAt) } };
  const ready = !facts.runsOnce && started && facts.ready;
  return { state, ...lastState(facts.previous, facts), ready, started };
}

function lastState(
  ended: ContainerState | undefined,
  facts: ContainerFacts,
): Pick<ContainerStatus, "lastState"> {
  return { lastState: ended === undefined ? {} : { terminated: terminated(ended, facts) } };
}

function terminated(ended: ContainerState, facts: ContainerFacts): ContainerStateTerminated {
  const exitCode = ended.exitCode ?? 0;
  const message = ended.startError ?? facts.lastWords(ended);
  return {
    exitCode,
    reason: reasonOf(ended, exitCode),
    ...(message === undefined || message === "" ? {} : { message }),
    startedAt: toTime(ended.startedAt ?? ended.createdAt),
    finishedAt: toTime(ended.finishedAt ?? ended.createdAt),
    containerID: containerId(ended),
  };
}

/** containerd's words: a program that could not be started ends with StartError and code 128. */
function reasonOf({ startError, oomKilled }: ContainerState, exitCode: number): string {
  if (startError !== undefined) return "StartError";
  if (oomKilled === true) return "OOMKilled";
  return exitCode === 0 ? "Completed" : "Error";
}

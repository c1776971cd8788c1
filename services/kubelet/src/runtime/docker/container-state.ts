import type { ContainerId, ContainerState, Sandbox, SandboxSpec } from "../runtime.ts";
import type { EngineContainer } from "./engine-container.ts";
import { RUNTIME_LABELS } from "./names.ts";

/** One start of a container, and what the engine says of it. */
export interface KnownContainer {
  readonly id: ContainerId;
  readonly container: EngineContainer;
  /** The end of its log, once it was read. */
  readonly lastLines?: string;
  /** It is being started right now. */
  readonly isStarting: boolean;
}

/** Exit code of what never ran (containerd's for a program that cannot be started). */
const NOT_STARTED = 128;

/** The state of one start of a container. */
export function toContainerState(known: KnownContainer): ContainerState {
  const { id, container, lastLines } = known;
  return {
    id,
    image: container.labels[RUNTIME_LABELS.image] ?? container.image,
    logPath: container.labels[RUNTIME_LABELS.logPath] ?? "",
    createdAt: container.createdAt,
    containerId: `docker://${container.id}`,
    imageId: container.imageId,
    ...lifeOf(known),
    ...(container.paused || container.ending === true ? { silent: true } : {}),
    ...(lastLines === undefined ? {} : { lastLines }),
  };
}

/** How far a container is; also for those that somebody else starts and stops. */
export function lifeOf({
  container,
  isStarting,
}: Pick<KnownContainer, "container" | "isStarting">): Pick<
  ContainerState,
  "exitCode" | "finishedAt" | "oomKilled" | "phase" | "startedAt" | "startError"
> {
  const { startedAt, finishedAt, createdAt, exitCode, error } = container;
  const since = startedAt === undefined ? {} : { startedAt };
  if (container.running) return { phase: "running", ...since };
  if (startedAt === undefined) {
    // What has ended was started, though nobody has looked at it since.
    if (isStarting || container.ending === true) return { phase: "starting" };
    const startError = error === "" ? "it was made and never started" : startErrorText(error);
    return { phase: "exited", exitCode: NOT_STARTED, finishedAt: createdAt, startError };
  }
  const oom = container.oomKilled ? { oomKilled: true } : {};
  return { phase: "exited", exitCode, finishedAt: finishedAt ?? startedAt, ...since, ...oom };
}

/** What an engine says about a start that failed, without the programs that handed it on. */
export function startErrorText(message: string): string {
  const [, text = message] =
    /(?:unable to start container process|starting container process caused): (.*)$/s.exec(
      message,
    ) ?? [];
  return text.replace(/: unknown$/, "").trim();
}

/** A pod's sandbox, with the containers of it; without its pause container when that is gone. */
export function toSandbox(
  spec: SandboxSpec,
  pause: EngineContainer | undefined,
  { network, containers }: { network: string; containers: readonly KnownContainer[] },
): Sandbox {
  return {
    spec,
    ips: spec.hostNetwork ? [] : (pause?.networks[network] ?? []),
    running: pause?.running === true,
    createdAt: pause?.createdAt ?? 0,
    containers: containers.map(toContainerState),
  };
}

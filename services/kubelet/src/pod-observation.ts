import type { Container, ContainerStateWaiting, Pod } from "@kubehop/api";
import type { ContainerFacts } from "./container-status.ts";
import type { ContainerStarter } from "./container-starter.ts";
import { lastWords, type PodDirectories } from "./pod-files.ts";
import { rememberedPrevious, rememberedState } from "./pod-history.ts";
import { type ContainerView, isSidecar } from "./pod-plan.ts";
import { allContainers } from "./pod-to-spec.ts";
import type { PodProbes } from "./probes/pod-probes.ts";
import type { ContainerState, Sandbox } from "./runtime/runtime.ts";

/** A pod as it is seen at one moment: decisions and status are made from this alone. */
export interface PodObservation {
  readonly pod: Pod;
  readonly sandbox: Sandbox | undefined;
  readonly probes: PodProbes;
  readonly starter: ContainerStarter;
  /** Why containers do not run, by name. */
  readonly waiting: ReadonlyMap<string, ContainerStateWaiting>;
  readonly directories: PodDirectories;
}

/** The newest start of a container in a sandbox. */
export function newestStart(
  sandbox: Sandbox | undefined,
  name: string,
): ContainerState | undefined {
  let found: ContainerState | undefined;
  for (const state of sandbox?.containers ?? []) {
    if (state.id.name === name && state.id.attempt >= (found?.id.attempt ?? 0)) found = state;
  }
  return found;
}

/** The newest start of a container, here or, unless it is an init container, as reported before. */
export function latestStart(
  { pod, sandbox }: Pick<PodObservation, "pod" | "sandbox">,
  name: string,
): ContainerState | undefined {
  return newestStart(sandbox, name) ?? rememberedState(pod, name);
}

/** What decisions need to know of a container. */
export function containerView(observation: PodObservation, name: string): ContainerView {
  const { pod, probes, starter } = observation;
  const container = allContainers(pod).find((candidate) => candidate.name === name);
  const latest = latestStart(observation, name);
  if (latest === undefined) return { started: false };
  if (latest.phase === "exited" || container === undefined) return { latest, started: false };
  const verdicts = probes.verdicts(container, latest);
  const hook = starter.hook(latest.id);
  const unhealthy = verdicts.unhealthy ?? hook.failure;
  const started = verdicts.started && !hook.running;
  return { latest, started, ...(unhealthy === undefined ? {} : { unhealthy }) };
}

/** What a container's status needs to know of it. */
export function containerFacts(observation: PodObservation, container: Container): ContainerFacts {
  const { pod, sandbox, probes, directories } = observation;
  const { name } = container;
  const isInit = (pod.spec.initContainers ?? []).includes(container);
  const latest = isInit ? newestStart(sandbox, name) : latestStart(observation, name);
  const previous = latest && previousStart(observation, latest);
  const waiting = waitingState(observation, container, latest);
  return {
    ...(latest === undefined ? {} : { latest }),
    ...(previous === undefined ? {} : { previous }),
    ...(waiting === undefined ? {} : { waiting }),
    started: containerView(observation, name).started,
    ready:
      latest !== undefined && latest.silent !== true && probes.verdicts(container, latest).ready,
    runsOnce: isInit && !isSidecar(container),
    lastWords: (state) => lastWords(directories, container, state),
  };
}

function previousStart(
  { pod, sandbox }: PodObservation,
  { id: { name, attempt } }: ContainerState,
): ContainerState | undefined {
  const isPrevious = ({ id }: ContainerState): boolean =>
    id.name === name && id.attempt === attempt - 1;
  return sandbox?.containers.find(isPrevious) ?? rememberedPrevious(pod, name, attempt);
}

function waitingState(
  { pod, starter, waiting }: PodObservation,
  { name }: Container,
  latest: ContainerState | undefined,
): ContainerStateWaiting | undefined {
  const known = waiting.get(name);
  const hasRun = latest !== undefined && latest.phase !== "starting";
  // It is not started again: what went wrong with its only start is how it ended.
  if (hasRun && isEphemeral(pod, name)) return undefined;
  if (known !== undefined) return known;
  if (hasRun && !starter.hook(latest.id).running) return undefined;
  const { initContainers = [] } = pod.spec;
  const isInit = initContainers.some((container) => container.name === name);
  const awaitsInit = !isInit && initContainers.length > 0;
  return { reason: awaitsInit ? "PodInitializing" : "ContainerCreating" };
}

function isEphemeral({ spec }: Pod, name: string): boolean {
  return (spec.ephemeralContainers ?? []).some((container) => container.name === name);
}

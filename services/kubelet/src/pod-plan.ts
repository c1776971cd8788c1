import type { Container, Pod } from "@kubehop/api";
import type { ContainerId, ContainerState } from "./runtime/runtime.ts";

/** What a decision about one container needs to know. */
export interface ContainerView {
  /** The newest start of it; undefined before the first. */
  readonly latest?: ContainerState;
  /** Its startup probe has succeeded and its postStart hook has ended well. */
  readonly started: boolean;
  /** Set when its liveness or startup probe or postStart hook says that it must be started anew. */
  readonly unhealthy?: string;
}

/** What a decision about a pod needs to know. */
export interface PodView {
  readonly pod: Pod;
  /** It is being deleted, has failed or is over: nothing is started any more. */
  readonly ending: boolean;
  /** One of its main containers was started in this sandbox: init containers are done. */
  readonly begun: boolean;
  containerOf(name: string): ContainerView;
  /** The unix ms before which a container must not be started; undefined when it may be now. */
  backoffUntil(container: Container): number | undefined;
}

/** One thing to do for a pod. */
export type PodAction =
  | { readonly kind: "start"; readonly container: Container; readonly attempt: number }
  | { readonly kind: "wait"; readonly container: Container; readonly until: number }
  | { readonly kind: "stop"; readonly id: ContainerId; readonly message: string };

/** What to do now. */
export interface PodPlan {
  readonly actions: readonly PodAction[];
  /** An init container failed for good: the pod has failed. */
  readonly initFailed: boolean;
  /** No container runs and none will. */
  readonly over: boolean;
}

/**
 * Decides what to do for a pod now; called again whenever something changed (compare
 * kuberuntime's computePodActions). Init containers run one after the other, sidecars (init
 * containers with restartPolicy Always) are started in their place and kept, then the others run.
 * Ephemeral containers are started once, whatever the others do. At the end the sidecars stop after
 * all others, the last one first.
 */
export function planPod(view: PodView): PodPlan {
  const { pod, begun } = view;
  const main = pod.spec.containers;
  const init = pod.spec.initContainers ?? [];
  if (view.ending) return planEnd(view, init, main);
  const actions = ephemeralStarts(view);
  for (const container of init) {
    const step = isSidecar(container) ? keep(view, container) : runOnce(view, container, begun);
    if (step.action !== undefined) actions.push(step.action);
    if (step.failed === true) return { ...planEnd(view, init, main), initFailed: true };
    if (step.blocks && !begun) return { actions, initFailed: false, over: false };
  }
  for (const container of main) {
    const { action } = keep(view, container);
    if (action !== undefined) actions.push(action);
  }
  const over = main.every((container) => isOver(view, container));
  return over ? planEnd(view, init, main) : { actions, initFailed: false, over: false };
}

/** Whether an ended container is started again under the pod's restartPolicy. */
export function shouldRestart(pod: Pod, container: Container, exitCode: number): boolean {
  if (isSidecar(container)) return true;
  const isInit = (pod.spec.initContainers ?? []).some(({ name }) => name === container.name);
  const policy = pod.spec.restartPolicy ?? "Always";
  if (policy === "Never") return false;
  return policy === "Always" && !isInit ? true : exitCode !== 0;
}

/** Whether an init container is kept running beside the others (KEP-753). */
export function isSidecar(container: Container): boolean {
  return container.restartPolicy === "Always";
}

interface Step {
  readonly action?: PodAction;
  /** What comes after it must wait. */
  readonly blocks: boolean;
  readonly failed?: boolean;
}

/** Brings a container that should run a step nearer to it. */
function keep(view: PodView, container: Container): Step {
  const { latest, started, unhealthy } = view.containerOf(container.name);
  if (latest === undefined) return { action: start(view, container, 0), blocks: true };
  if (latest.phase !== "exited") {
    if (unhealthy === undefined) return { blocks: !started };
    return { action: { kind: "stop", id: latest.id, message: unhealthy }, blocks: true };
  }
  if (!shouldRestart(view.pod, container, latest.exitCode ?? 0)) return { blocks: true };
  return { action: start(view, container, latest.id.attempt + 1), blocks: true };
}

/** Ephemeral containers that never started: they are not started again. */
function ephemeralStarts(view: PodView): PodAction[] {
  return (view.pod.spec.ephemeralContainers ?? [])
    .filter(({ name }) => view.containerOf(name).latest === undefined)
    .map((container) => start(view, container, 0));
}

function runOnce(view: PodView, container: Container, begun: boolean): Step {
  const { latest } = view.containerOf(container.name);
  if (begun || (latest?.phase === "exited" && latest.exitCode === 0)) return { blocks: false };
  if (latest?.phase === "exited" && !shouldRestart(view.pod, container, latest.exitCode ?? 0)) {
    return { blocks: true, failed: true };
  }
  return { ...keep(view, container), blocks: true };
}

function start(view: PodView, container: Container, attempt: number): PodAction {
  const until = view.backoffUntil(container);
  return until === undefined
    ? { kind: "start", container, attempt }
    : { kind: "wait", container, until };
}

function isOver(view: PodView, container: Container): boolean {
  const { latest } = view.containerOf(container.name);
  return latest?.phase === "exited" && !shouldRestart(view.pod, container, latest.exitCode ?? 0);
}

function planEnd(view: PodView, init: readonly Container[], main: readonly Container[]): PodPlan {
  const running = (containers: readonly Container[]): ContainerState[] =>
    containers
      .map(({ name }) => view.containerOf(name).latest)
      .filter((state) => state !== undefined)
      .filter((state) => state.phase !== "exited");
  const { ephemeralContainers = [] } = view.pod.spec;
  const runOnce = init.filter((container) => !isSidecar(container));
  const first = running([...main, ...runOnce, ...ephemeralContainers]);
  const sidecars = running(init.filter(isSidecar)).slice(-1);
  const ending = first.length > 0 ? first : sidecars;
  const actions = ending.map((state): PodAction => {
    return { kind: "stop", id: state.id, message: `Stopping container ${state.id.name}` };
  });
  return { actions, initFailed: false, over: ending.length === 0 };
}

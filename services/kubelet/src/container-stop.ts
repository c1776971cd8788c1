import type { Container } from "@kubehop/api";
import type { ContainerId, Runtime } from "./runtime/runtime.ts";

/** A container that is being stopped. */
export interface ContainerStop extends Disposable {
  /** Brings the end nearer when the pod is given less time than it had; never further away. */
  shorten(deadline: number): void;
}

/** How a container is stopped. */
export interface ContainerStopOptions {
  readonly runtime: Runtime;
  readonly id: ContainerId;
  readonly container: Container;
  /** unix ms at which SIGKILL is sent. */
  readonly deadline: number;
  /** Runs the preStop hook; settles when it is over, well or not. */
  preStop(signal: AbortSignal): Promise<void>;
}

/** Time a container has after its preStop hook used up the rest (minimumGracePeriodInSeconds). */
const LEAST_AFTER_HOOK_MS = 2_000;

/**
 * Stops a container: preStop hook, then SIGTERM (or lifecycle.stopSignal), then SIGKILL at the
 * deadline. The container's end is noticed by the runtime; dispose the stop then.
 */
export function startContainerStop(options: ContainerStopOptions): ContainerStop {
  const { runtime, id, container } = options;
  const stopped = new AbortController();
  let deadline = options.deadline;
  let timer: NodeJS.Timeout | undefined;
  const arm = (): void => {
    clearTimeout(timer);
    timer = setTimeout(() => runtime.signalContainer(id, "SIGKILL"), deadline - Date.now());
  };
  const run = async (): Promise<void> => {
    if (container.lifecycle?.preStop !== undefined && deadline > Date.now()) {
      const late = AbortSignal.timeout(Math.max(0, Math.ceil(deadline - Date.now())));
      await options.preStop(AbortSignal.any([late, stopped.signal]));
      if (stopped.signal.aborted) return;
      if (deadline - Date.now() < LEAST_AFTER_HOOK_MS && options.deadline === deadline) {
        deadline = Date.now() + LEAST_AFTER_HOOK_MS;
      }
    }
    runtime.signalContainer(id, stopSignal(container));
    arm();
  };
  void run();
  return {
    shorten(next) {
      if (next >= deadline) return;
      deadline = next;
      if (timer !== undefined) arm();
    },
    [Symbol.dispose]() {
      stopped.abort();
      clearTimeout(timer);
    },
  };
}

function stopSignal(container: Container): NodeJS.Signals {
  return (container.lifecycle?.stopSignal as NodeJS.Signals | undefined) ?? "SIGTERM";
}

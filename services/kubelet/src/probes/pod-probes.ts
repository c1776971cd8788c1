import type { Container, Pod, Probe } from "@kubehop/api";
import type { ContainerState, ExecProcess } from "../runtime/runtime.ts";
import { type HandlerTarget, runHandler } from "./handler.ts";
import type { ProbeResult, ProbeType } from "./probe-result.ts";
import { startProbeWorker, systemProbeClock } from "./worker.ts";

/** A container that runs, as the probes need it. */
export interface ProbedContainer {
  readonly container: Container;
  readonly state: ContainerState;
  readonly podIp: string;
  exec(command: readonly string[]): ExecProcess;
}

/** What the probes of one start of a container say. */
export interface ProbeVerdicts {
  /** The startup probe has succeeded, or there is none. */
  readonly started: boolean;
  /** The readiness probe succeeds, or there is none. */
  readonly ready: boolean;
  /** Why the container must be started anew. */
  readonly unhealthy?: string;
}

/** What happens to whoever asks for probes. */
export interface PodProbesOptions {
  /** Something changed: look at the verdicts again. */
  onChange(): void;
  /** A try counted: it failed (for the event Unhealthy), or it succeeded. */
  onResult(type: ProbeType, result: ProbeResult): void;
}

interface Tracked {
  /** The address that is probed. */
  podIp: string;
  readonly workers: Map<ProbeType, Disposable>;
  started: boolean;
  ready: boolean;
  unhealthy?: string;
}

/** The probes of one pod's containers; nothing is probed before the first sync. */
export class PodProbes implements Disposable {
  readonly #options: PodProbesOptions;
  readonly #tracked = new Map<string, Tracked>();

  /** Probes of one pod. */
  constructor(options: PodProbesOptions) {
    this.#options = options;
  }

  /** Probes exactly these containers from now on; while `ending` only their readiness. */
  sync(pod: Pod, running: readonly ProbedContainer[], ending: boolean): void {
    const present = new Set(running.map(({ state }) => keyOf(state)));
    for (const [key, entry] of this.#tracked) {
      if (present.has(key)) continue;
      stopAll(entry);
      this.#tracked.delete(key);
    }
    for (const target of running) {
      const entry = this.#track(pod, target);
      const wanted = wantedProbes(target.container, entry.started, ending);
      for (const [type, worker] of entry.workers) {
        if (wanted.has(type)) continue;
        worker[Symbol.dispose]();
        entry.workers.delete(type);
      }
      for (const [type, probe] of wanted) {
        if (entry.workers.has(type)) continue;
        entry.workers.set(type, this.#start({ pod, target, type, probe, entry }));
      }
    }
  }

  /** The verdicts on one start of a container. */
  verdicts(container: Container, state: ContainerState): ProbeVerdicts {
    const entry = this.#tracked.get(keyOf(state));
    return {
      started: entry?.started ?? container.startupProbe === undefined,
      ready: entry?.ready ?? container.readinessProbe === undefined,
      ...(entry?.unhealthy === undefined ? {} : { unhealthy: entry.unhealthy }),
    };
  }

  [Symbol.dispose](): void {
    for (const entry of this.#tracked.values()) stopAll(entry);
    this.#tracked.clear();
  }

  /** A kubelet that starts anew believes what the one before reported of a container it finds. */
  #track(pod: Pod, { container, state, podIp }: ProbedContainer): Tracked {
    const known = this.#tracked.get(keyOf(state));
    if (known !== undefined && known.podIp !== podIp) {
      stopAll(known);
      known.podIp = podIp;
      known.ready = container.readinessProbe === undefined;
    }
    if (known !== undefined) return known;
    const reported = reportedState(pod, state);
    const entry: Tracked = {
      podIp,
      workers: new Map(),
      started: container.startupProbe === undefined || reported?.started === true,
      ready: container.readinessProbe === undefined || reported?.ready === true,
    };
    this.#tracked.set(keyOf(state), entry);
    return entry;
  }

  #start({ pod, target, type, probe, entry }: ProbeStart): Disposable {
    const { container, state, podIp } = target;
    const exec: HandlerTarget["exec"] = (command) => target.exec(command);
    return startProbeWorker({
      type,
      probe,
      startedAt: state.startedAt ?? state.createdAt,
      clock: systemProbeClock,
      run: (signal) => runHandler(probe, { pod, container, podIp, exec }, signal),
      onResult: (result) => this.#options.onResult(type, result),
      onVerdict: (success) => {
        if (type === "readiness") entry.ready = success;
        else if (type === "startup" && success) entry.started = true;
        else if (!success) {
          entry.unhealthy = `Container ${container.name} failed ${type} probe, will be restarted`;
        }
        this.#options.onChange();
      },
    });
  }
}

interface ProbeStart {
  readonly pod: Pod;
  readonly target: ProbedContainer;
  readonly type: ProbeType;
  readonly probe: Probe;
  readonly entry: Tracked;
}

function wantedProbes(
  { startupProbe, livenessProbe, readinessProbe }: Container,
  started: boolean,
  ending: boolean,
): Map<ProbeType, Probe> {
  const wanted = new Map<ProbeType, Probe>();
  if (!started && startupProbe !== undefined) {
    if (!ending) wanted.set("startup", startupProbe);
    return wanted;
  }
  if (readinessProbe !== undefined) wanted.set("readiness", readinessProbe);
  if (livenessProbe !== undefined && !ending) wanted.set("liveness", livenessProbe);
  return wanted;
}

/** What the API server was told of this very start of the container, if it was told it runs. */
function reportedState(
  { status }: Pod,
  { id }: ContainerState,
): { readonly ready: boolean; readonly started?: boolean } | undefined {
  const statuses = [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])];
  const found = statuses.find(({ name }) => name === id.name);
  return found?.state?.running !== undefined && found.restartCount === id.attempt
    ? found
    : undefined;
}

function stopAll(entry: Tracked): void {
  for (const worker of entry.workers.values()) worker[Symbol.dispose]();
  entry.workers.clear();
}

function keyOf({ id }: ContainerState): string {
  return `${id.name}/${id.attempt}`;
}

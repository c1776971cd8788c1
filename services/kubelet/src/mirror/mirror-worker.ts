import type { Container, ContainerStatus, Pod } from "@kubehop/api";
import type { ContainerFacts } from "../container-status.ts";
import type { PodContext } from "../pod-context.ts";
import { rememberedState } from "../pod-history.ts";
import { type ProbedContainer, PodProbes } from "../probes/pod-probes.ts";
import { noteProbe } from "../probes/probe-events.ts";
import type { ContainerState } from "../runtime/runtime.ts";
import { podStatus } from "../status.ts";
import type { StaticContainer, StaticPod } from "./static-pod.ts";

/** The newest start of a container and the one before. */
interface Starts {
  readonly latest: ContainerState;
  readonly previous?: ContainerState;
}

/**
 * Looks after the mirror of a pod that somebody else runs: probes its containers over the network
 * and writes its status. It starts and stops nothing.
 */
export class MirrorWorker implements Disposable {
  readonly #context: PodContext;
  readonly #uid: string;
  readonly #probes: PodProbes;
  readonly #starts = new Map<string, Starts>();
  #pod: Pod;

  /** A worker for a mirror pod of this node. */
  constructor(context: PodContext, pod: Pod) {
    this.#context = context;
    this.#uid = pod.metadata.uid ?? "";
    this.#pod = pod;
    this.#probes = new PodProbes({
      onChange: () => context.kick(this.#uid),
      onResult: (type, result) => noteProbe(context, this.#pod, { type, result }),
    });
  }

  /** Brings the status up to date; resolves to true when the mirror is gone. */
  async reconcile(pod: Pod | undefined): Promise<boolean> {
    if (pod === undefined) return true;
    this.#pod = pod;
    const { namespace = "", name, deletionTimestamp } = pod.metadata;
    const found = this.#context.mirrors.find({ namespace, name });
    if (found === undefined || deletionTimestamp !== undefined) return false;
    for (const container of pod.spec.containers) this.#observe(container.name, found);
    this.#syncProbes(found);
    this.#publish(found);
    return false;
  }

  [Symbol.dispose](): void {
    this.#probes[Symbol.dispose]();
  }

  #observe(name: string, pod: StaticPod): void {
    const container = pod.containers.get(name);
    if (container === undefined) return;
    const before = this.#starts.get(name);
    const reported = this.#pod.status?.containerStatuses?.find((status) => status.name === name);
    const attempt =
      before === undefined
        ? reportedAttempt(reported, container)
        : nextAttempt(before.latest, container);
    const latest = { ...container.state, id: { podUid: this.#uid, name, attempt } };
    const isNew = before === undefined || attempt > before.latest.id.attempt;
    const previous = isNew
      ? endOf(before?.latest ?? rememberedState(this.#pod, name), attempt)
      : before.previous;
    this.#starts.set(name, { latest, ...(previous === undefined ? {} : { previous }) });
  }

  #syncProbes({ ips, containers }: StaticPod): void {
    const [podIp = ""] = ips;
    const running: ProbedContainer[] = [];
    for (const container of this.#pod.spec.containers) {
      const state = this.#starts.get(container.name)?.latest;
      if (state?.phase !== "running" || podIp === "") continue;
      const exec: ProbedContainer["exec"] = (command) => {
        const found = containers.get(container.name);
        if (found === undefined) throw new Error(`container not running (${container.name})`);
        return found.exec(command);
      };
      running.push({ container, state, podIp, exec });
    }
    this.#probes.sync(this.#pod, running, false);
  }

  #publish({ ips }: StaticPod): void {
    const { status, node, now } = this.#context;
    status.set(
      this.#pod,
      podStatus({
        pod: this.#pod,
        sandboxReady: ips.length > 0,
        podIps: ips,
        hostIps: node.ips,
        over: false,
        factsOf: (container) => this.#facts(container),
        now: now(),
      }),
    );
  }

  #facts(container: Container): ContainerFacts {
    const starts = this.#starts.get(container.name);
    const verdicts = starts && this.#probes.verdicts(container, starts.latest);
    const isCreated = starts !== undefined && starts.latest.phase !== "starting";
    return {
      ...starts,
      ...(isCreated ? {} : { waiting: { reason: "ContainerCreating" } }),
      started: verdicts?.started === true,
      ready: verdicts?.ready === true && starts?.latest.silent !== true,
      runsOnce: false,
      lastWords: () => undefined,
    };
  }
}

/** A kubelet that starts anew goes on counting where the one before stopped. */
function reportedAttempt(
  reported: ContainerStatus | undefined,
  { state }: StaticContainer,
): number {
  if (reported === undefined) return 0;
  const { running, terminated } = reported.state ?? {};
  const known = Date.parse(running?.startedAt ?? terminated?.startedAt ?? "");
  const isSame = Number.isNaN(known) || known === wholeSeconds(state.startedAt ?? 0);
  return isSame ? reported.restartCount : reported.restartCount + 1;
}

/** Whoever runs the container starts it again: its next start has another time. */
function nextAttempt(latest: ContainerState, { state }: StaticContainer): number {
  const isAnother = latest.startedAt !== undefined && state.startedAt !== latest.startedAt;
  return isAnother && state.startedAt !== undefined ? latest.id.attempt + 1 : latest.id.attempt;
}

/** How the start before ended; a restart may be so quick that its end was never seen. */
function endOf(state: ContainerState | undefined, attempt: number): ContainerState | undefined {
  if (state === undefined || attempt === 0 || state.phase === "exited") return state;
  return { ...state, phase: "exited", exitCode: 137, finishedAt: Date.now() };
}

function wholeSeconds(ms: number): number {
  return Math.floor(ms / 1_000) * 1_000;
}

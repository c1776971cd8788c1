import { type Container, type ContainerStateWaiting, namespacedName, type Pod } from "@kubehop/api";
import { formatDelay } from "./backoff.ts";
import { type ContainerStop, startContainerStop } from "./container-stop.ts";
import { ContainerStarter } from "./container-starter.ts";
import type { PodContext } from "./pod-context.ts";
import { removePodFiles } from "./pod-files.ts";
import {
  containerFacts,
  containerView,
  latestStart,
  newestStart,
  type PodObservation,
} from "./pod-observation.ts";
import { type PodAction, type PodPlan, planPod } from "./pod-plan.ts";
import { allContainers } from "./pod-to-spec.ts";
import { type ProbedContainer, PodProbes } from "./probes/pod-probes.ts";
import { noteProbe } from "./probes/probe-events.ts";
import type { ContainerId } from "./runtime/runtime.ts";
import { type PodFacts, podStatus } from "./status.ts";
import { VolumeError } from "./volumes/pod-volumes.ts";
import { withServiceAccount } from "./volumes/service-account.ts";

/** Least time between SIGTERM and SIGKILL, in ms (minimumGracePeriodInSeconds). */
const LEAST_GRACE_MS = 2_000;
const DEFAULT_GRACE_SECONDS = 30;
/** How soon what is missing (a ConfigMap, a sandbox) is looked for again, in ms. */
const RETRY_MS = 3_000;

/** Reasons a container waits for that a pause before the next try does not change. */
const KEPT_REASONS: ReadonlySet<string> = new Set([
  "CrashLoopBackOff",
  "ErrImageNeverPull",
  "ImagePullBackOff",
]);

/**
 * Makes one pod of the node fit its spec, step by step: each reconcile looks at what is and does
 * what is due. It keeps only what the API server and the runtime do not know: why containers wait,
 * which are being stopped, what their probes say.
 */
export class PodWorker implements Disposable {
  readonly #context: PodContext;
  readonly #uid: string;
  readonly #seenAt: number;
  readonly #waiting = new Map<string, ContainerStateWaiting>();
  readonly #stops = new Map<string, ContainerStop>();
  readonly #probes: PodProbes;
  readonly #starter: ContainerStarter;
  #pod: Pod;
  /** The API server has the pod no more. */
  #removed = false;
  #failure: PodFacts["failure"];
  #reported = false;

  /** A worker for a pod that is assigned to this node. */
  constructor(context: PodContext, pod: Pod) {
    this.#context = context;
    this.#uid = pod.metadata.uid ?? "";
    this.#pod = withServiceAccount(pod);
    this.#seenAt = context.now();
    this.#probes = new PodProbes({
      onChange: () => context.kick(this.#uid),
      onResult: (type, result) => noteProbe(context, this.#pod, { type, result }),
    });
    this.#starter = new ContainerStarter(context, this.#waiting);
  }

  /**
   * Looks at the pod once; `pod` is undefined when the API server has it no more. Resolves to true
   * when nothing is left of it on this node. Rejects when the API server could not be told.
   */
  async reconcile(pod: Pod | undefined): Promise<boolean> {
    if (pod !== undefined) this.#pod = withServiceAccount(pod);
    this.#removed = pod === undefined;
    this.#checkDeadline();
    const prepared = !this.#isEnding() && (await this.#prepare());
    if (this.#isEnding()) this.#waiting.clear();
    const plan = this.#plan();
    if (plan.initFailed) this.#failure ??= {};
    await Promise.all(plan.actions.map((action) => this.#act(action, prepared)));
    this.#syncProbes();
    this.#publish(plan.over);
    return plan.over && this.#finish();
  }

  /** Stops probing and stopping; the pod's processes are left alone. */
  [Symbol.dispose](): void {
    this.#probes[Symbol.dispose]();
    for (const stop of this.#stops.values()) stop[Symbol.dispose]();
  }

  #observe(): PodObservation {
    const { runtime, directories } = this.#context;
    return {
      pod: this.#pod,
      sandbox: runtime.list(this.#uid)[0],
      probes: this.#probes,
      starter: this.#starter,
      waiting: this.#waiting,
      directories,
    };
  }

  #plan(): PodPlan {
    const seen = this.#observe();
    const { pod, sandbox } = seen;
    return planPod({
      pod,
      ending: this.#isEnding(),
      begun: pod.spec.containers.some(({ name }) => newestStart(sandbox, name) !== undefined),
      containerOf: (name) => containerView(seen, name),
      backoffUntil: (container) =>
        this.#starter.backoffUntil(container, latestStart(seen, container.name)),
    });
  }

  #isEnding(): boolean {
    return this.#removed || this.#isDeleted() || this.#isTerminal() || this.#failure !== undefined;
  }

  #isDeleted(): boolean {
    return this.#removed || this.#pod.metadata.deletionTimestamp !== undefined;
  }

  #isTerminal(): boolean {
    return ["Succeeded", "Failed"].includes(this.#pod.status?.phase ?? "");
  }

  #checkDeadline(): void {
    const { spec, status } = this.#pod;
    if (spec.activeDeadlineSeconds === undefined || status?.startTime === undefined) return;
    const end = Date.parse(status.startTime) + spec.activeDeadlineSeconds * 1_000;
    const left = end - this.#context.now();
    if (left > 0) return this.#context.kickAfter(this.#uid, left);
    const message = "Pod was active on the node longer than the specified deadline";
    this.#failure ??= { reason: "DeadlineExceeded", message };
  }

  /** Sandbox and volumes; false when something is missing, which an event then tells. */
  async #prepare(): Promise<boolean> {
    const { events, logger, kickAfter } = this.#context;
    try {
      await this.#starter.prepare(this.#pod, this.#observe().sandbox);
      return true;
    } catch (err) {
      const { message } = err as Error;
      const [reason, text] =
        err instanceof VolumeError
          ? ["FailedMount", message]
          : ["FailedCreatePodSandBox", `Failed to create pod sandbox: ${message}`];
      events.event(this.#pod, "Warning", reason, text);
      logger.warn(
        { pod: namespacedName(this.#pod), reason, message },
        "pod not prepared, will retry",
      );
      kickAfter(this.#uid, RETRY_MS);
      return false;
    }
  }

  async #act(action: PodAction, prepared: boolean): Promise<void> {
    const { kick, kickAfter, now } = this.#context;
    if (action.kind === "stop") return this.#stop(action.id, action.message);
    if (action.kind === "wait") {
      this.#noteBackoff(action.container);
      return kickAfter(this.#uid, action.until - now());
    }
    if (!prepared) return;
    await this.#starter.start(this.#pod, action.container, action.attempt);
    if (this.#waiting.has(action.container.name)) kickAfter(this.#uid, RETRY_MS);
    else kick(this.#uid);
  }

  #noteBackoff(container: Container): void {
    const before = this.#waiting.get(container.name);
    if (KEPT_REASONS.has(before?.reason ?? "")) return;
    if (before?.reason === "ErrImagePull") {
      const text = `Back-off pulling image "${container.image}"`;
      const message = `${text}: ErrImagePull: ${before.message}`;
      return this.#setBackoff(container, { reason: "ImagePullBackOff", message }, text);
    }
    const { name, namespace } = this.#pod.metadata;
    const where = `${name}_${namespace}(${this.#uid})`;
    const delay = formatDelay(this.#starter.delay(container));
    const message = `back-off ${delay} restarting failed container=${container.name} pod=${where}`;
    const text = `Back-off restarting failed container ${container.name} in pod ${where}`;
    this.#setBackoff(container, { reason: "CrashLoopBackOff", message }, text);
  }

  #setBackoff(container: Container, waiting: ContainerStateWaiting, text: string): void {
    this.#waiting.set(container.name, waiting);
    this.#context.events.event(this.#pod, "Warning", "BackOff", text);
  }

  #stop(id: ContainerId, message: string): void {
    const { events, runtime, now } = this.#context;
    const container = allContainers(this.#pod).find(({ name }) => name === id.name);
    const deadline = now() + Math.max(this.#graceMs(container), LEAST_GRACE_MS);
    const known = this.#stops.get(keyOf(id));
    if (known !== undefined) return known.shorten(deadline);
    events.event(this.#pod, "Normal", "Killing", message);
    const stop = startContainerStop({
      runtime,
      id,
      container: container ?? { name: id.name },
      deadline,
      preStop: (signal) => this.#starter.preStop(this.#pod, id, signal),
    });
    this.#stops.set(keyOf(id), stop);
  }

  #graceMs(container: Container | undefined): number {
    const { metadata, spec } = this.#pod;
    const pod = spec.terminationGracePeriodSeconds ?? DEFAULT_GRACE_SECONDS;
    const deletion = metadata.deletionGracePeriodSeconds ?? (this.#removed ? 0 : pod);
    const probe = container?.livenessProbe?.terminationGracePeriodSeconds;
    return (this.#isEnding() ? deletion : (probe ?? pod)) * 1_000;
  }

  #syncProbes(): void {
    const { runtime } = this.#context;
    const { sandbox } = this.#observe();
    const [podIp = ""] = this.#podIps();
    const running: ProbedContainer[] = [];
    for (const container of allContainers(this.#pod)) {
      const state = newestStart(sandbox, container.name);
      if (state === undefined) continue;
      if (state.phase === "exited") {
        this.#stops.get(keyOf(state.id))?.[Symbol.dispose]();
        this.#stops.delete(keyOf(state.id));
      } else if (!this.#starter.hook(state.id).running) {
        const exec: ProbedContainer["exec"] = (command) => runtime.exec(state.id, command);
        running.push({ container, state, podIp, exec });
      }
    }
    this.#probes.sync(this.#pod, running, this.#isEnding());
  }

  #podIps(): readonly string[] {
    const { sandbox } = this.#observe();
    if (sandbox === undefined || !sandbox.running) return [];
    return this.#pod.spec.hostNetwork === true ? this.#context.node.ips : sandbox.ips;
  }

  #publish(over: boolean): void {
    const { status: writer, node, now, metrics } = this.#context;
    const seen = this.#observe();
    if (this.#removed || (this.#isTerminal() && seen.sandbox?.running !== true)) return;
    const status = podStatus({
      pod: this.#pod,
      sandboxReady: seen.sandbox?.running === true,
      podIps: this.#podIps(),
      hostIps: node.ips,
      over,
      ...(this.#failure === undefined ? {} : { failure: this.#failure }),
      factsOf: (container) => containerFacts(seen, container),
      now: now(),
    });
    if (status.phase === "Running" && !this.#reported) {
      this.#reported = true;
      metrics.podStart.observe((now() - this.#seenAt) / 1_000);
    }
    writer.set(this.#pod, status);
  }

  /** Nothing runs any more: tells it, then clears away. True when nothing is left to be done. */
  async #finish(): Promise<boolean> {
    const { status, runtime, rest, volumes, directories, logger } = this.#context;
    if (!this.#removed) await status.write(this.#uid);
    if (!this.#isDeleted() && !this.#isTerminal()) return false;
    if (this.#isDeleted()) await runtime.removeSandbox(this.#uid);
    else await runtime.stopSandbox(this.#uid);
    await volumes.tearDown(this.#uid);
    if (!this.#isDeleted()) return false;
    removePodFiles(directories, this.#uid);
    logger.info({ pod: namespacedName(this.#pod) }, "pod removed");
    if (!this.#removed) await rest.confirmDeletion(this.#pod);
    return this.#removed;
  }
}

function keyOf(id: ContainerId): string {
  return `${id.name}/${id.attempt}`;
}

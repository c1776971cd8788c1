import { existsSync, mkdirSync } from "node:fs";
import {
  type Container,
  type ContainerStateWaiting,
  type EphemeralContainer,
  type LifecycleHandler,
  namespacedName,
  type Pod,
} from "@kubehop/api";
import { type Backoff, createBackoff } from "./backoff.ts";
import type { PodContext } from "./pod-context.ts";
import { logPath, writePodFiles } from "./pod-files.ts";
import { newestStart } from "./pod-observation.ts";
import { allContainers, podToSpec } from "./pod-to-spec.ts";
import { podHostname } from "./hosts-file.ts";
import { runHandler } from "./probes/handler.ts";
import {
  type ContainerId,
  type ContainerSpec,
  ContainerStartError,
  type ContainerState,
  type Sandbox,
} from "./runtime/runtime.ts";

/** What a postStart hook is doing. */
export interface HookState {
  readonly running: boolean;
  /** Why the container must be started anew. */
  readonly failure?: string;
}

/** Ended starts of a container that are kept: the last one, for its status and its log. */
const KEPT_STARTS = 1;

const NO_HOOK: HookState = { running: false };

/**
 * Starts the containers of one pod: sandbox and volumes first, then one container at a time, with
 * its back-off, its events and its hooks. Why a container could not be started goes to `waiting`.
 */
export class ContainerStarter {
  readonly #context: PodContext;
  readonly #waiting: Map<string, ContainerStateWaiting>;
  readonly #backoff: Backoff;
  readonly #failedAt = new Map<string, number>();
  readonly #hooks = new Map<string, HookState>();
  #volumes: Readonly<Record<string, string>> = {};

  /** A starter for one pod. */
  constructor(context: PodContext, waiting: Map<string, ContainerStateWaiting>) {
    this.#context = context;
    this.#waiting = waiting;
    this.#backoff = createBackoff(context.restartBackoff);
  }

  /** Makes sandbox and volumes, or brings them up to date. Rejects with why it cannot. */
  async prepare(pod: Pod, sandbox: Sandbox | undefined): Promise<void> {
    const { runtime, volumes, sources, node, events, now, kickAfter } = this.#context;
    const { uid = "", name, namespace = "" } = pod.metadata;
    if (sandbox?.running === false) {
      const text = "Pod sandbox changed, it will be killed and re-created.";
      events.event(pod, "Normal", "SandboxChanged", text);
    }
    const hostNetwork = pod.spec.hostNetwork === true;
    const hostname = hostNetwork ? node.name : podHostname(pod);
    const { ips } = await runtime.runSandbox({ uid, namespace, name, hostname, hostNetwork });
    const addresses = { podIps: hostNetwork ? node.ips : ips, hostIps: node.ips };
    const { allocatable } = node;
    const mounted = await volumes.setUp({ pod, addresses, sources, allocatable });
    this.#volumes = mounted.directories;
    if (Number.isFinite(mounted.renewAt)) kickAfter(uid, mounted.renewAt - now());
  }

  /** Tries to start a container; it never rejects. */
  async start(pod: Pod, container: Container, attempt: number): Promise<void> {
    const { metrics, logger, now } = this.#context;
    const { name } = container;
    if (attempt > 0 && !this.#failedAt.has(name)) this.#backoff.next(name, now());
    try {
      await this.#start(pod, container, attempt);
      this.#failedAt.delete(name);
      this.#waiting.delete(name);
      metrics.startedContainers.inc();
      logger.info({ pod: namespacedName(pod), container: name, attempt }, "container started");
    } catch (error) {
      this.#failed(pod, container, error as Error);
    }
  }

  /** The unix ms before which a container must not be started. */
  backoffUntil({ name }: Container, latest: ContainerState | undefined): number | undefined {
    const failed = Math.max(this.#failedAt.get(name) ?? 0, latest?.finishedAt ?? 0);
    return failed === 0 ? undefined : this.#backoff.waitUntil(name, failed, this.#context.now());
  }

  /** The present back-off of a container in ms. */
  delay({ name }: Container): number {
    return this.#backoff.delay(name);
  }

  /** What the postStart hook of one start of a container is doing. */
  hook(id: ContainerId): HookState {
    return this.#hooks.get(keyOf(id)) ?? NO_HOOK;
  }

  /** Runs a container's preStop hook; a failure is told by an event. */
  async preStop(pod: Pod, id: ContainerId, signal: AbortSignal): Promise<void> {
    const container = allContainers(pod).find(({ name }) => name === id.name);
    const handler = container?.lifecycle?.preStop;
    if (container === undefined || handler === undefined) return;
    const failure = await this.#runHook(pod, { container, id, handler }, signal);
    if (failure === undefined || signal.aborted) return;
    this.#context.events.event(
      pod,
      "Warning",
      "FailedPreStopHook",
      `PreStopHook failed: ${failure}`,
    );
  }

  async #start(pod: Pod, container: Container, attempt: number): Promise<void> {
    const { events, runtime } = this.#context;
    const podUid = pod.metadata.uid ?? "";
    await this.#ensureImage(pod, container);
    const spec = this.#spec(pod, container, attempt);
    await this.#dropOldStarts(podUid, container.name, attempt);
    const state = await runtime.startContainer(podUid, spec);
    events.event(pod, "Normal", "Created", `Created container: ${container.name}`);
    events.event(pod, "Normal", "Started", `Started container ${container.name}`);
    const handler = container.lifecycle?.postStart;
    if (handler !== undefined) void this.#postStart(pod, { container, id: state.id, handler });
  }

  async #ensureImage(pod: Pod, container: Container): Promise<void> {
    const { events, runtime, now } = this.#context;
    const { image = "", imagePullPolicy: policy = "IfNotPresent", command = [] } = container;
    const began = now();
    const request = { image, policy, hasCommand: command.length > 0 };
    const pulled = await runtime.ensureImage(request, () =>
      events.event(pod, "Normal", "Pulling", `Pulling image "${image}"`),
    );
    const seconds = ((now() - began) / 1_000).toFixed(3);
    if (pulled) {
      events.event(pod, "Normal", "Pulled", `Successfully pulled image "${image}" in ${seconds}s`);
    } else if (this.#waiting.get(container.name) === undefined) {
      const text = `Container image "${image}" already present on machine`;
      events.event(pod, "Normal", "Pulled", text);
    }
  }

  #failed(pod: Pod, { name }: Container, error: Error): void {
    const { events, metrics, logger, now } = this.#context;
    const reason = error instanceof ContainerStartError ? error.reason : "CreateContainerError";
    const { message } = error;
    metrics.startErrors.inc({ code: reason });
    logger.warn(
      { pod: namespacedName(pod), container: name, reason, message },
      "container not started",
    );
    if (this.#waiting.get(name)?.message !== message) {
      events.event(pod, "Warning", "Failed", `Error: ${message}`);
    }
    this.#waiting.set(name, { reason, message });
    // What a ConfigMap lacks may be there at any moment; the rest is tried less and less often.
    if (reason === "CreateContainerConfigError") return;
    this.#failedAt.set(name, now());
    this.#backoff.next(name, now());
  }

  #spec(pod: Pod, container: EphemeralContainer, attempt: number): ContainerSpec {
    const { sources, node, directories, runtime } = this.#context;
    const podUid = pod.metadata.uid ?? "";
    const id = { podUid, name: container.name, attempt };
    const sandboxIps = runtime.list(podUid)[0]?.ips ?? [];
    const podIps = pod.spec.hostNetwork === true ? node.ips : sandboxIps;
    const spec = podToSpec(container, {
      pod,
      addresses: { podIps, hostIps: node.ips },
      sources,
      allocatable: node.allocatable,
      attempt,
      volumes: this.#volumes,
      files: writePodFiles(directories, pod, id, { ...node, podIps }),
      logPath: logPath(directories, id),
      target: this.#target(podUid, container),
    });
    for (const { source, target, readOnly } of spec.mounts) {
      if (existsSync(source)) continue;
      if (!readOnly) mkdirSync(source, { recursive: true });
      else {
        throw new ContainerStartError(
          "CreateContainerConfigError",
          `failed to prepare subPath for volumeMount at "${target}": it is not in the volume`,
        );
      }
    }
    return spec;
  }

  /** The start of the container that an ephemeral one targets, running or not. */
  #target(podUid: string, container: EphemeralContainer): ContainerId | undefined {
    const { targetContainerName: name = "" } = container;
    if (name === "") return undefined;
    const found = newestStart(this.#context.runtime.list(podUid)[0], name);
    if (found !== undefined) return found.id;
    const why = `unable to find target container ${name}`;
    throw new ContainerStartError("CreateContainerConfigError", why);
  }

  async #dropOldStarts(podUid: string, name: string, attempt: number): Promise<void> {
    const { runtime } = this.#context;
    for (const { id, phase } of runtime.list(podUid)[0]?.containers ?? []) {
      const isOld = id.name === name && id.attempt < attempt - KEPT_STARTS;
      if (isOld && phase === "exited") await runtime.removeContainer(id);
      this.#hooks.delete(keyOf({ podUid, name, attempt: attempt - KEPT_STARTS }));
    }
  }

  async #postStart(pod: Pod, hook: Hook): Promise<void> {
    const key = keyOf(hook.id);
    this.#hooks.set(key, { running: true });
    const failure = await this.#runHook(pod, hook, new AbortController().signal);
    this.#hooks.set(key, {
      running: false,
      ...(failure === undefined ? {} : { failure: `FailedPostStartHook: ${failure}` }),
    });
    if (failure !== undefined) {
      const text = `PostStartHook failed: ${failure}`;
      this.#context.events.event(pod, "Warning", "FailedPostStartHook", text);
    }
    this.#context.kick(hook.id.podUid);
  }

  /** Resolves to why the hook failed; undefined when it went well. */
  async #runHook(pod: Pod, hook: Hook, signal: AbortSignal): Promise<string | undefined> {
    const { runtime, node } = this.#context;
    const { container, id, handler } = hook;
    if (handler.sleep !== undefined) return sleep(handler.sleep.seconds * 1_000, signal);
    const [podIp = node.ips[0] ?? ""] = runtime.list(id.podUid)[0]?.ips ?? [];
    const exec = (command: readonly string[]): ReturnType<typeof runtime.exec> =>
      runtime.exec(id, command);
    const { success, message } = await runHandler(handler, { pod, container, podIp, exec }, signal);
    return success ? undefined : message;
  }
}

interface Hook {
  readonly container: Container;
  readonly id: ContainerId;
  readonly handler: LifecycleHandler;
}

function sleep(ms: number, signal: AbortSignal): Promise<undefined> {
  const { promise, resolve } = Promise.withResolvers<undefined>();
  const timer = setTimeout(() => resolve(undefined), ms);
  const onAbort = (): void => {
    clearTimeout(timer);
    resolve(undefined);
  };
  signal.addEventListener("abort", onAbort, { once: true });
  return promise;
}

function keyOf(id: ContainerId): string {
  return `${id.name}/${id.attempt}`;
}

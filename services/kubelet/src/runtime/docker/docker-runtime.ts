import type { Writable } from "node:stream";
import type { Logger } from "@kubehop/client";
import { findImage } from "../../catalogue.ts";
import {
  type ContainerId,
  type ContainerSpec,
  ContainerStartError,
  type ContainerState,
  type ExecOptions,
  type ExecProcess,
  type ImageRequest,
  type LogReader,
  type Mount,
  type Runtime,
  type RuntimeProblem,
  type Sandbox,
  type SandboxSpec,
} from "../runtime.ts";
import type { ContainerChange, ContainerFollower } from "./container-follower.ts";
import { startErrorText, toContainerState } from "./container-state.ts";
import { containerRequest, type NodeContext, pauseRequest } from "./create-request.ts";
import { inputOfContainer } from "./container-input.ts";
import type { Engine } from "./engine.ts";
import type { EngineContainer } from "./engine-container.ts";
import { createContainer, removeContainer, sendSignal, startContainer } from "./engine-calls.ts";
import { execInEngine } from "./exec.ts";
import { createImages, type Images, ownImage } from "./images.ts";
import { readEngineLog, readLastLines } from "./logs.ts";
import { containerName, RUNTIME_LABELS } from "./names.ts";
import { enginePath, type NodeContainer } from "./node-container.ts";
import { createPodTable, type PodTable } from "./pod-table.ts";

/** What the docker runtime works with. */
export interface DockerRuntimeOptions {
  readonly engine: Engine;
  /** Follows the containers that have the label of pods' uids. */
  readonly follower: ContainerFollower;
  readonly node: NodeContext;
  /** The container this kubelet runs in, if any. */
  readonly nodeContainer: NodeContainer | undefined;
  readonly logger: Logger;
  /** Of the engine, as it was found last. */
  version(): string;
}

/**
 * A runtime over a Docker Engine: a pod is a pause container on the node's network, its containers
 * share that one's network, host name and memory segments. What it made it finds again by labels.
 */
export function createDockerRuntime(options: DockerRuntimeOptions): DockerRuntime {
  return new DockerRuntime(options);
}

/** See createDockerRuntime. A class, because it is the one owner of the node's pods. */
export class DockerRuntime implements Runtime {
  readonly name = "docker";
  readonly #options: DockerRuntimeOptions;
  readonly #images: Images;
  readonly #table: PodTable;
  readonly #handlers = new Set<(podUid: string) => void>();
  readonly #stop = new AbortController();
  readonly #changes: Disposable;

  /** Use createDockerRuntime. */
  constructor(options: DockerRuntimeOptions) {
    this.#options = options;
    this.#images = createImages(options.engine, options.node.image);
    this.#table = createPodTable(options.node.network);
    for (const container of options.follower.list()) {
      this.#table.update({ previous: undefined, current: container });
    }
    this.#changes = options.follower.onChange((change) => this.#onChange(change));
  }

  version(): string {
    return this.#options.version();
  }

  problem(): RuntimeProblem | undefined {
    return this.#options.follower.problem();
  }

  list(podUid?: string): readonly Sandbox[] {
    return this.#table.list(podUid);
  }

  async runSandbox(spec: SandboxSpec): Promise<Sandbox> {
    const [existing] = this.list(spec.uid);
    if (existing?.running === true) return existing;
    await this.removeSandbox(spec.uid);
    const { engine, follower, node } = this.#options;
    const name = containerName(spec, "POD", 0);
    const id = await createContainer(engine, name, pauseRequest(spec, node));
    try {
      await startContainer(engine, id);
    } catch (error) {
      await removeContainer(engine, id);
      throw error;
    }
    await follower.refresh(id);
    const [sandbox] = this.list(spec.uid);
    const hasAddress = spec.hostNetwork || (sandbox?.ips.length ?? 0) > 0;
    if (sandbox?.running === true && hasAddress) return sandbox;
    await removeContainer(engine, id);
    throw new Error("the pause container did not stay, see the engine's log");
  }

  /** The engine keeps logs with the containers: those stay. */
  async stopSandbox(podUid: string): Promise<void> {
    const { engine, follower } = this.#options;
    const pause = this.#table.sandbox(podUid)?.pause;
    if (pause === undefined) return;
    await removeContainer(engine, pause.id);
    await follower.refresh(pause.id);
  }

  async removeSandbox(podUid: string): Promise<void> {
    const { engine, follower, node } = this.#options;
    const label = [`${RUNTIME_LABELS.uid}=${podUid}`, `${RUNTIME_LABELS.network}=${node.network}`];
    const found = await engine.call<{ readonly Id: string }[]>({
      method: "GET",
      path: "/containers/json",
      query: { all: true, filters: { label } },
    });
    await Promise.all(found.map(({ Id }) => removeContainer(engine, Id)));
    const known = this.#table.ids(podUid);
    await Promise.all(known.map((id) => follower.refresh(id)));
  }

  /** Removes every pod of the node: nobody will look after them any more. */
  async removeAll(): Promise<void> {
    await Promise.all(this.list().map(({ spec }) => this.removeSandbox(spec.uid)));
  }

  async startContainer(podUid: string, spec: ContainerSpec): Promise<ContainerState> {
    const { engine, follower, node } = this.#options;
    const sandbox = this.#table.sandbox(podUid);
    if (sandbox?.pause.running !== true) {
      throw new ContainerStartError("RunContainerError", "the pod's sandbox does not run");
    }
    const own = ownImage(spec.image, node.image);
    const request = containerRequest(spec, {
      sandbox: sandbox.spec,
      pauseId: sandbox.pause.id,
      node,
      own: own && { ...own, args: findImage(spec.image)?.args ?? [] },
      mounts: spec.mounts.map((mount) => this.#enginesMount(mount)),
      targetId: this.#targetId(spec.target),
    });
    const name = containerName(sandbox.spec, spec.name, spec.attempt);
    const id = await createContainer(engine, name, request).catch((error: Error) => {
      throw new ContainerStartError("CreateContainerError", error.message);
    });
    using _starting = this.#table.starting(id);
    try {
      await startContainer(engine, id);
    } catch (error) {
      const text = startErrorText((error as Error).message);
      throw new ContainerStartError("RunContainerError", text);
    } finally {
      await follower.refresh(id);
    }
    const known = this.#table.container({ podUid, name: spec.name, attempt: spec.attempt });
    if (known !== undefined) return toContainerState(known);
    throw new ContainerStartError("RunContainerError", "somebody removed it while it started");
  }

  signalContainer(id: ContainerId, signal: NodeJS.Signals): void {
    const { engine, logger } = this.#options;
    const isRunning = (): boolean => this.#table.container(id)?.container.running === true;
    const known = this.#table.container(id);
    if (known === undefined || !isRunning()) return;
    const target = { id: known.container.id, signal, isRunning };
    sendSignal(engine, target, this.#stop.signal).catch((err: unknown) => {
      logger.warn({ container: id.name, signal, err }, "signal not delivered");
    });
  }

  async removeContainer(id: ContainerId): Promise<void> {
    const { engine, follower } = this.#options;
    const known = this.#table.container(id);
    if (known === undefined) return;
    await removeContainer(engine, known.container.id);
    await follower.refresh(known.container.id);
  }

  ensureImage(request: ImageRequest, onPull: () => void): Promise<boolean> {
    return this.#images.ensure(request, onPull);
  }

  exec(id: ContainerId, command: readonly string[], options: ExecOptions = {}): ExecProcess {
    const known = this.#table.container(id);
    if (known?.container.running !== true) throw new Error(`container not running (${id.name})`);
    return execInEngine(this.#options.engine, known.container.id, command, options);
  }

  input(id: ContainerId): Writable | undefined {
    const known = this.#table.container(id);
    if (known?.container.stdin !== true) return undefined;
    return inputOfContainer(this.#options.engine, known.container.id);
  }

  log(id: ContainerId): LogReader | undefined {
    const known = this.#table.container(id);
    if (known === undefined) return undefined;
    const { engine } = this.#options;
    return (query, signal) => readEngineLog(engine, known.container, {}, { query, signal });
  }

  onChange(handler: (podUid: string) => void): Disposable {
    this.#handlers.add(handler);
    return { [Symbol.dispose]: () => void this.#handlers.delete(handler) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    this.#changes[Symbol.dispose]();
  }

  #targetId(target: ContainerId | undefined): string | undefined {
    if (target === undefined) return undefined;
    const known = this.#table.container(target);
    if (known !== undefined) return known.container.id;
    const why = `unable to find target container ${target.name}`;
    throw new ContainerStartError("CreateContainerConfigError", why);
  }

  #enginesMount(mount: Mount): Mount {
    const source = enginePath(this.#options.nodeContainer, mount.source);
    if (source !== undefined) return { ...mount, source };
    throw new ContainerStartError(
      "CreateContainerConfigError",
      `${mount.source} lies in the node's own container, where the engine cannot reach it: ` +
        `mount a volume there, or give the kubelet a --root-dir on one`,
    );
  }

  #onChange(change: ContainerChange): void {
    const podUid = this.#table.update(change);
    if (podUid === undefined) return;
    this.#tell(podUid);
    if (change.current !== undefined) void this.#readLastLines(change.current);
  }

  /** A container that left no last words may have said them in its log. */
  async #readLastLines(container: EngineContainer): Promise<void> {
    if (container.running || container.exitCode === 0) return;
    if (container.labels[RUNTIME_LABELS.lastWords] === undefined) return;
    const { engine, logger } = this.#options;
    try {
      const text = await readLastLines(engine, container);
      const podUid = this.#table.noteLastLines(container.id, text);
      if (podUid !== undefined) this.#tell(podUid);
    } catch (err) {
      logger.warn({ container: container.name, err }, "end of the log not read");
    }
  }

  #tell(podUid: string): void {
    for (const handler of this.#handlers) handler(podUid);
  }
}

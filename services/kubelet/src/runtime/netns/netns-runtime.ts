import { mkdirSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { Writable } from "node:stream";
import { findImage, unknownImageMessage } from "../../catalogue.ts";
import {
  type ContainerId,
  type ContainerSpec,
  ContainerStartError,
  type ContainerState,
  type ExecOptions,
  type ExecProcess,
  type ImageRequest,
  type Runtime,
  type Sandbox,
  type SandboxSpec,
} from "../runtime.ts";
import { type ContainerProcess, followContainer, spawnContainer } from "./container-process.ts";
import { openInput } from "./container-input.ts";
import { execInContainer } from "./exec.ts";
import { type HostRoot, probeHostRoot } from "./host-root.ts";
import { createIpam, type Ipam } from "./ipam.ts";
import {
  containerDirectory,
  type ContainerRecord,
  namesIn,
  readRecord,
  type SandboxRecord,
  writeRecord,
} from "./pod-directory.ts";
import { toNodeProgram } from "./program.ts";
import { isAlive, type ProcessId, signalProcess } from "./process-table.ts";
import { pauseProcess, removeSandboxFiles, startSandbox } from "./sandbox-process.ts";

/** What the runtime of network namespaces needs to know. */
export interface NetnsRuntimeOptions {
  /** Directory for everything it keeps; the same one finds the pods again. */
  readonly directory: string;
  /** The node's pod CIDRs, e.g. ["10.244.1.0/24"]. */
  readonly podCidrs: readonly string[];
  /** Paths of the node every container must see: the checkout, the program that runs Node. */
  readonly visible: readonly string[];
  /** Most a container may write to its root file system, e.g. "512m". */
  readonly writableSize: string;
  /** Directory with compiled code that pods share. */
  readonly compileCache: string;
  /** How often processes themselves are looked at, in ms; 1 s when absent. Marks are seen at once. */
  readonly checkIntervalMs?: number;
}

const CHECK_INTERVAL_MS = 1_000;

/** How long a container may take to run its first instruction, in ms. */
const START_DEADLINE_MS = 20_000;

/** Files every container starts with: names are looked up in /etc/hosts, then by DNS alone. */
const ROOT_FILES = { "/etc/nsswitch.conf": "passwd: files\ngroup: files\nhosts: files dns\n" };

/** What is kept of addresses: the number given last, so that it rests longest. */
interface IpamRecord {
  readonly last: number;
}

/** One pod of this node. */
interface Pod {
  readonly record: SandboxRecord;
  pause: ProcessId | undefined;
  readonly containers: Map<string, ContainerProcess>;
}

/**
 * A runtime of plain processes: a pod is a network namespace on a veth pair, a container is a
 * process in a mount namespace of its own. Needs the rights of a sandbox (fake root is enough) and
 * util-linux and iproute2; its own network namespace is the node's. Finds the pods of an earlier
 * runtime over the same directory.
 */
export async function createNetnsRuntime(options: NetnsRuntimeOptions): Promise<NetnsRuntime> {
  const runtime = new NetnsRuntime(options, await probeHostRoot(join(options.directory, "probe")));
  runtime.adopt();
  return runtime;
}

/** See createNetnsRuntime. A class, because it is the one owner of the node's pods. */
export class NetnsRuntime implements Runtime {
  readonly name = "netns";
  /** What containers can have of the node's file system. */
  readonly hostRoot: HostRoot;
  readonly #options: NetnsRuntimeOptions;
  readonly #sandboxes: string;
  readonly #ipamFile: string;
  readonly #ipam: Ipam;
  readonly #pods = new Map<string, Pod>();
  readonly #handlers = new Set<(podUid: string) => void>();
  readonly #timer: NodeJS.Timeout;

  /** Use createNetnsRuntime. */
  constructor(options: NetnsRuntimeOptions, hostRoot: HostRoot) {
    this.hostRoot = hostRoot;
    this.#options = options;
    this.#sandboxes = join(options.directory, "sandboxes");
    this.#ipamFile = join(options.directory, "ipam.json");
    const last = (readRecord(this.#ipamFile) as IpamRecord | undefined)?.last ?? 1;
    this.#ipam = createIpam(options.podCidrs, last);
    const { checkIntervalMs = CHECK_INTERVAL_MS } = options;
    this.#timer = setInterval(() => this.#check(), checkIntervalMs);
  }

  /** Finds what an earlier runtime left; called once. */
  adopt(): void {
    mkdirSync(this.#sandboxes, { recursive: true });
    for (const uid of namesIn(this.#sandboxes)) {
      const directory = join(this.#sandboxes, uid);
      const record = readRecord(join(directory, "sandbox.json")) as SandboxRecord | undefined;
      if (record === undefined) continue;
      const pod: Pod = { record, pause: pauseProcess(directory), containers: new Map() };
      this.#pods.set(uid, pod);
      for (const name of namesIn(join(directory, "containers"))) {
        for (const attempt of namesIn(join(directory, "containers", name))) {
          this.#adoptContainer(pod, { podUid: uid, name, attempt: Number(attempt) });
        }
      }
    }
    this.#check();
  }

  list(podUid?: string): readonly Sandbox[] {
    const pod = podUid === undefined ? undefined : this.#pods.get(podUid);
    if (podUid !== undefined) return pod === undefined ? [] : [toSandbox(pod)];
    return [...this.#pods.values()].map(toSandbox);
  }

  async runSandbox(spec: SandboxSpec): Promise<Sandbox> {
    const existing = this.#pods.get(spec.uid);
    if (existing !== undefined && isRunning(existing)) return toSandbox(existing);
    if (existing !== undefined) await this.removeSandbox(spec.uid);
    const record = spec.hostNetwork
      ? { spec, ips: [], createdAt: Date.now() }
      : this.#networkRecord(spec);
    const pod: Pod = { record, pause: undefined, containers: new Map() };
    this.#pods.set(spec.uid, pod);
    const directory = join(this.#sandboxes, spec.uid);
    try {
      pod.pause = await startSandbox(directory, record, this.#ipam.gateway);
    } catch (error) {
      await this.removeSandbox(spec.uid);
      throw error;
    }
    return toSandbox(pod);
  }

  /** Logs are files of their own. */
  stopSandbox(podUid: string): Promise<void> {
    return this.removeSandbox(podUid);
  }

  async removeSandbox(podUid: string): Promise<void> {
    const pod = this.#pods.get(podUid);
    const known: (ProcessId | undefined)[] = [pod?.pause];
    for (const container of pod?.containers.values() ?? []) {
      known.push(container.record.shim, container.program());
      container[Symbol.dispose]();
    }
    const processes = known.filter((id) => id !== undefined);
    await removeSandboxFiles(join(this.#sandboxes, podUid), pod?.record, processes);
    this.#pods.delete(podUid);
  }

  async startContainer(podUid: string, spec: ContainerSpec): Promise<ContainerState> {
    const pod = this.#pods.get(podUid);
    if (pod?.pause === undefined || !isRunning(pod)) {
      throw new ContainerStartError("RunContainerError", "the pod's sandbox does not run");
    }
    const id = { podUid, name: spec.name, attempt: spec.attempt };
    const directory = containerDirectory(this.#sandboxes, id);
    await rm(directory, { recursive: true, force: true });
    const { visible, writableSize, compileCache } = this.#options;
    const { hostname } = pod.record.spec;
    mkdirSync(compileCache, { recursive: true });
    const program = { ...spec, ...toNodeProgram(spec, { hostname, compileCache }) };
    const files = { ...ROOT_FILES, "/etc/hostname": `${hostname}\n` };
    const root = { host: this.hostRoot, visible, files };
    const start = { directory, pause: pod.pause, spec: program, podUid, root, writableSize };
    const record = spawnContainer(start);
    const started = Promise.withResolvers<void>();
    const container = followContainer(directory, record, () => {
      started.resolve();
      this.#changed(podUid);
    });
    pod.containers.set(keyOf(id), container);
    if (container.state().phase === "starting") await within(started.promise, START_DEADLINE_MS);
    const state = container.state();
    if (state.startError !== undefined) {
      throw new ContainerStartError("RunContainerError", state.startError);
    }
    if (state.phase !== "starting") return state;
    await this.removeContainer(id);
    throw new ContainerStartError("RunContainerError", "it did not start in time");
  }

  signalContainer(id: ContainerId, signal: NodeJS.Signals): void {
    const container = this.#pods.get(id.podUid)?.containers.get(keyOf(id));
    const program = container?.program();
    if (program !== undefined && container?.state().phase === "running") {
      signalProcess(program, signal);
    }
  }

  async removeContainer(id: ContainerId): Promise<void> {
    const pod = this.#pods.get(id.podUid);
    const container = pod?.containers.get(keyOf(id));
    container?.[Symbol.dispose]();
    pod?.containers.delete(keyOf(id));
    await rm(containerDirectory(this.#sandboxes, id), { recursive: true, force: true });
  }

  exec(id: ContainerId, command: readonly string[], options: ExecOptions = {}): ExecProcess {
    const container = this.#pods.get(id.podUid)?.containers.get(keyOf(id));
    const program = container?.program();
    if (container === undefined || program === undefined || !isAlive(program)) {
      throw new Error(`container not running (${id.name})`);
    }
    return execInContainer(program, container.record, { command, tty: options.tty === true });
  }

  input(id: ContainerId): Writable | undefined {
    const container = this.#pods.get(id.podUid)?.containers.get(keyOf(id));
    const { stdin } = container?.record ?? {};
    if (stdin === undefined) return undefined;
    return openInput(containerDirectory(this.#sandboxes, id), { once: stdin === "once" });
  }

  /** Programs of the node are always there; only a name that stands for none is missing. */
  async ensureImage({ image, hasCommand }: ImageRequest): Promise<boolean> {
    if (hasCommand || findImage(image) !== undefined) return false;
    throw new ContainerStartError("ErrImagePull", unknownImageMessage(image));
  }

  log(): undefined {
    return undefined;
  }

  version(): string {
    return "1.0.0";
  }

  problem(): undefined {
    return undefined;
  }

  onChange(handler: (podUid: string) => void): Disposable {
    this.#handlers.add(handler);
    return { [Symbol.dispose]: () => this.#handlers.delete(handler) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer);
    for (const pod of this.#pods.values()) {
      for (const container of pod.containers.values()) container[Symbol.dispose]();
    }
  }

  #networkRecord(spec: SandboxSpec): SandboxRecord {
    const inUse = new Set([...this.#pods.values()].flatMap((pod) => pod.record.ips));
    const { ips, number } = this.#ipam.allocate(inUse);
    writeRecord(this.#ipamFile, { last: number } satisfies IpamRecord);
    const netns = `pod-${(ips[0] ?? "").replaceAll(".", "-")}`;
    return { spec, ips, netns, veth: `veth${number}`, createdAt: Date.now() };
  }

  #adoptContainer(pod: Pod, id: ContainerId): void {
    const directory = containerDirectory(this.#sandboxes, id);
    const record = readRecord(join(directory, "container.json")) as ContainerRecord | undefined;
    if (record === undefined) return;
    const changed = (): void => this.#changed(id.podUid);
    pod.containers.set(keyOf(id), followContainer(directory, record, changed));
  }

  #check(): void {
    for (const [uid, pod] of this.#pods) {
      for (const container of pod.containers.values()) container.check();
      if (pod.pause === undefined || isAlive(pod.pause)) continue;
      pod.pause = undefined;
      this.#changed(uid);
    }
  }

  #changed(podUid: string): void {
    for (const handler of this.#handlers) handler(podUid);
  }
}

function toSandbox(pod: Pod): Sandbox {
  const { spec, ips, createdAt } = pod.record;
  const containers = [...pod.containers.values()].map((container) => container.state());
  return { spec, ips, createdAt, running: isRunning(pod), containers };
}

function isRunning(pod: Pod): boolean {
  return pod.pause !== undefined;
}

function keyOf(id: ContainerId): string {
  return `${id.name}/${id.attempt}`;
}

async function within(promise: Promise<void>, ms: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  await Promise.race([promise, timeout]);
  clearTimeout(timer);
}

import { isConflict, isNotFound, Kinds, type Pod } from "@kubehop/api";
import {
  createWorkQueue,
  type EventRecorder,
  type Logger,
  type RestClient,
  runController,
  type WorkQueue,
} from "@kubehop/client";
import type { BackoffOptions } from "./backoff.ts";
import { isMirrorPod, type MirrorPods } from "./mirror/mirror-pods.ts";
import { MirrorWorker } from "./mirror/mirror-worker.ts";
import type { KubeletMetrics } from "./metrics.ts";
import type { NodeFacts, PodContext, PodDeleter } from "./pod-context.ts";
import { type PodDirectories, removePodFiles } from "./pod-files.ts";
import { podReferences } from "./pod-references.ts";
import { PodWorker } from "./pod-worker.ts";
import type { Runtime } from "./runtime/runtime.ts";
import { createStatusWriter } from "./status-writer.ts";
import { createPodVolumes } from "./volumes/pod-volumes.ts";
import { createTokenCache } from "./volumes/tokens.ts";
import type { Watches } from "./watches.ts";

/** What running a node's pods needs. */
export interface NodePodsOptions {
  readonly node: NodeFacts;
  readonly directories: PodDirectories;
  readonly runtime: Runtime;
  readonly mirrors: MirrorPods;
  readonly rest: RestClient;
  readonly watches: Watches;
  readonly events: EventRecorder;
  readonly metrics: KubeletMetrics;
  readonly logger: Logger;
  readonly restartBackoff: BackoffOptions;
  now(): number;
  /** Ends it; pods go on running. */
  readonly signal: AbortSignal;
}

/** The pods of a node, kept as they should be. */
export interface NodePods extends AsyncDisposable {
  /** Whether what should run was heard once: nothing is removed before. */
  synced(): boolean;
}

/** Pods that are looked at at a time, and statuses written at a time. */
const WORKERS = 8;
const STATUS_WRITERS = 4;
/** Back-off of a reconcile or a write that failed, in ms. */
const RETRY = { baseDelayMs: 50, maxDelayMs: 5_000 };

/**
 * Runs the pods assigned to this node: one PodWorker a pod, a queue of pod uids that every change
 * feeds (the pod, a ConfigMap it uses, a process that ended, a probe), and another one for the
 * statuses to write, so that a slow API server delays no restart.
 */
export function startNodePods(options: NodePodsOptions): NodePods {
  const { runtime, mirrors, watches, logger, signal } = options;
  const stop = new AbortController();
  const ended = AbortSignal.any([signal, stop.signal]);
  const queue = createWorkQueue(RETRY);
  const statusQueue = createWorkQueue(RETRY);
  const context = createContext(options, queue, statusQueue);
  const workers = new PodWorkers(context, watches);
  let synced = false;
  const run = async (): Promise<void> => {
    await watches.synced(ended);
    synced = true;
    for (const sandbox of runtime.list()) queue.add(sandbox.spec.uid);
    for (const pod of watches.pods.list()) queue.add(pod.metadata.uid ?? "");
    const common = { logger, signal: ended };
    await Promise.all([
      runController({
        name: "pods",
        queue,
        workers: WORKERS,
        reconcile: (uid) => workers.reconcile(uid),
        ...common,
      }),
      runController({
        name: "pod-status",
        queue: statusQueue,
        workers: STATUS_WRITERS,
        reconcile: (uid) => context.status.write(uid),
        ...common,
      }),
    ]);
  };
  watches.onPod((uid) => queue.add(uid));
  watches.onSource((namespace, reference) => {
    for (const pod of watches.pods.list()) {
      if (pod.metadata.namespace === namespace && uses(pod, reference)) {
        queue.add(pod.metadata.uid ?? "");
      }
    }
  });
  const changes = runtime.onChange((uid) => queue.add(uid));
  const mirrored = mirrors.onChange((key) => {
    const [namespace = "", name = ""] = key.split("/");
    const uid = watches.pods.byName(namespace, name)?.metadata.uid;
    if (uid !== undefined) queue.add(uid);
  });
  const running = run().catch((err: unknown) => {
    if (!ended.aborted) logger.error({ err }, "pods are not looked after any more");
  });
  return {
    synced: () => synced,
    async [Symbol.asyncDispose]() {
      stop.abort();
      await running;
      changes[Symbol.dispose]();
      mirrored[Symbol.dispose]();
      workers[Symbol.dispose]();
    },
  };
}

function createContext(
  options: NodePodsOptions,
  queue: WorkQueue,
  statusQueue: WorkQueue,
): PodContext {
  const { rest, watches, metrics, directories, now } = options;
  const pod = (uid: string): Pod | undefined => watches.pods.byUid(uid);
  return {
    ...options,
    rest: podDeleter(rest),
    sources: watches.sources,
    volumes: createPodVolumes(directories.pods, createTokenCache(rest, now)),
    status: createStatusWriter({ rest, queue: statusQueue, metrics, pod }),
    kick: (uid) => queue.add(uid),
    kickAfter: (uid, ms) => queue.addAfter(uid, ms),
  };
}

/** One worker a pod, as long as something of the pod is left. */
class PodWorkers implements Disposable {
  readonly #context: PodContext;
  readonly #watches: Watches;
  readonly #workers = new Map<string, MirrorWorker | PodWorker>();

  constructor(context: PodContext, watches: Watches) {
    this.#context = context;
    this.#watches = watches;
  }

  async reconcile(uid: string): Promise<void> {
    const pod = this.#watches.pods.byUid(uid);
    let worker = this.#workers.get(uid);
    if (worker === undefined && pod === undefined) return this.#removeOrphan(uid);
    worker ??= createWorker(this.#context, pod as Pod);
    this.#workers.set(uid, worker);
    if (!(await worker.reconcile(pod))) return;
    worker[Symbol.dispose]();
    this.#workers.delete(uid);
    this.#context.status.forget(uid);
  }

  [Symbol.dispose](): void {
    for (const worker of this.#workers.values()) worker[Symbol.dispose]();
  }

  /** A pod that was removed while no kubelet looked: nothing says any more how to stop it. */
  async #removeOrphan(uid: string): Promise<void> {
    const { runtime, volumes, directories } = this.#context;
    await runtime.removeSandbox(uid);
    await volumes.tearDown(uid);
    removePodFiles(directories, uid);
  }
}

function createWorker(context: PodContext, pod: Pod): MirrorWorker | PodWorker {
  return isMirrorPod(pod) ? new MirrorWorker(context, pod) : new PodWorker(context, pod);
}

/** Whether a pod refers to an object; every pod gets the cluster's CA from the kubelet itself. */
function uses(pod: Pod, reference: string): boolean {
  return reference === "configmap/kube-root-ca.crt" || podReferences(pod).has(reference);
}

function podDeleter(rest: RestClient): PodDeleter {
  return {
    async confirmDeletion({ metadata: { name, namespace = "", uid = "" } }) {
      try {
        const options = { gracePeriodSeconds: 0, preconditions: { uid } };
        await rest.delete(Kinds.Pod, { namespace, name }, options);
      } catch (error) {
        if (!isNotFound(error) && !isConflict(error)) throw error;
      }
    },
  };
}

import { createHash } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { type Draft, isAlreadyExists, isConflict, isNotFound, Kinds, type Pod } from "@kubehop/api";
import {
  createWorkQueue,
  type EventRecorder,
  type Logger,
  type RestClient,
  runController,
  type WorkQueue,
} from "@kubehop/client";
import type { Watches } from "../watches.ts";
import { keyOf, type StaticPod, type StaticPodSource } from "./static-pod.ts";

/** What keeping mirrors needs. */
export interface MirrorPodsOptions {
  readonly sources: readonly StaticPodSource[];
  readonly nodeName: string;
  readonly rest: RestClient;
  readonly watches: Watches;
  readonly events: EventRecorder;
  readonly logger: Logger;
  readonly signal: AbortSignal;
}

/** The static pods of a node, and their mirrors in the API server. */
export interface MirrorPods extends AsyncDisposable {
  /** The static pod a mirror stands for. */
  find(pod: { readonly namespace: string; readonly name: string }): StaticPod | undefined;
  /** Calls back with the key (`namespace/name`) of a static pod that came, changed or went. */
  onChange(handler: (key: string) => void): Disposable;
}

/** Marks a mirror; its value tells the version of what it mirrors (as upstream). */
const MIRROR_ANNOTATION = "kubernetes.io/config.mirror";
const WORKERS = 4;
const RETRY = { baseDelayMs: 50, maxDelayMs: 5_000 };
/** How soon a name that another pod has is tried again, in ms. */
const CLASH_RETRY_MS = 5_000;

/** Whether a pod is the mirror of one that somebody else runs. */
export function isMirrorPod(pod: Pod): boolean {
  return pod.metadata.annotations?.[MIRROR_ANNOTATION] !== undefined;
}

/**
 * Keeps a mirror of each static pod in the API server: made when the pod is there, made anew when
 * it is another one or when somebody deleted the mirror, deleted when the pod is gone.
 */
export function startMirrorPods(options: MirrorPodsOptions): MirrorPods {
  const { sources, watches, logger, nodeName, events } = options;
  const stop = new AbortController();
  const signal = AbortSignal.any([options.signal, stop.signal]);
  const queue = createWorkQueue(RETRY);
  const handlers = new Set<(key: string) => void>();
  const find: MirrorPods["find"] = (pod) => findIn(sources, keyOf(pod));
  const node = { apiVersion: "v1", kind: "Node", metadata: { name: nodeName, uid: nodeName } };
  const subscriptions = sources.flatMap((source) => [
    source.onChange((keys) => {
      for (const key of keys) {
        queue.add(key);
        for (const handler of handlers) handler(key);
      }
    }),
    source.onProblem(({ reason, message }) => {
      logger.warn({ reason, message }, "what should be a pod is none");
      events.event(node, "Warning", reason, message);
    }),
  ]);
  watches.onPod((_uid, pod) => {
    if (isMirrorPod(pod)) queue.add(keyOf(nameOf(pod)));
  });
  const reconcile = createReconciler({ ...options, queue, find, node });
  const run = async (): Promise<void> => {
    await watches.synced(signal);
    await until(() => watches.node() !== undefined, signal);
    for (const source of sources) for (const pod of source.list()) queue.add(keyOf(pod));
    for (const pod of watches.pods.list()) if (isMirrorPod(pod)) queue.add(keyOf(nameOf(pod)));
    await runController({ name: "mirrors", queue, workers: WORKERS, reconcile, logger, signal });
  };
  const running = run().catch((err: unknown) => {
    if (!signal.aborted) logger.error({ err }, "mirror pods are not kept any more");
  });
  return {
    find,
    onChange(handler) {
      handlers.add(handler);
      return { [Symbol.dispose]: () => void handlers.delete(handler) };
    },
    async [Symbol.asyncDispose]() {
      stop.abort();
      for (const subscription of subscriptions) subscription[Symbol.dispose]();
      await running;
    },
  };
}

interface Reconciler extends MirrorPodsOptions {
  readonly queue: WorkQueue;
  readonly find: MirrorPods["find"];
  readonly node: Parameters<EventRecorder["event"]>[0];
}

function createReconciler(options: Reconciler): (key: string) => Promise<void> {
  const { rest, watches, find, queue, events, node, logger } = options;
  const clash = (wanted: StaticPod): void => {
    const key = keyOf(wanted);
    const message =
      `${wanted.origin} asks to be pod ${key}, which the cluster has already: ` +
      "give it another name, or delete that pod";
    logger.warn({ pod: key, origin: wanted.origin }, "name of a static pod is taken, will retry");
    events.event(node, "Warning", "DuplicatePod", message);
    queue.addAfter(key, CLASH_RETRY_MS);
  };
  return async (key) => {
    const [namespace = "", name = ""] = key.split("/");
    const ref = { namespace, name };
    const wanted = find(ref);
    const existing = watches.pods.byName(namespace, name);
    if (existing !== undefined && !isMirrorPod(existing)) {
      if (wanted !== undefined) clash(wanted);
      return;
    }
    if (existing !== undefined) {
      if (wanted !== undefined && fits(existing, wanted)) return;
      await removeMirror(rest, existing);
      logger.info({ pod: key }, "mirror pod deleted");
    } else if (wanted !== undefined) {
      const created = await createMirror(options, wanted).catch((error: Error) => {
        const message = `${wanted.origin} cannot be pod ${key}: ${error.message}`;
        if (isRefusal(error)) events.event(node, "Warning", "FailedMirrorPod", message);
        throw error;
      });
      if (created === undefined) return clash(wanted);
      logger.info({ pod: key, origin: wanted.origin }, "mirror pod created");
      const { notice } = wanted;
      if (notice !== undefined) events.event(created, "Warning", notice.reason, notice.message);
    }
  };
}

/** Undefined when another pod has the name. */
async function createMirror(
  { rest, watches, nodeName }: MirrorPodsOptions,
  wanted: StaticPod,
): Promise<Pod | undefined> {
  const uid = watches.node()?.metadata.uid ?? "";
  const draft = mirrorDraft(wanted, { name: nodeName, uid });
  try {
    return await rest.create(Kinds.Pod, draft);
  } catch (error) {
    if (!isAlreadyExists(error)) throw error;
  }
  const { namespace, name } = wanted;
  const found = await rest.get(Kinds.Pod, { namespace, name });
  const isOurs = found.spec.nodeName === nodeName && isMirrorPod(found);
  return isOurs ? found : undefined;
}

/** The API server answered, and will answer the same again. */
function isRefusal(error: unknown): boolean {
  const { code } = error as { readonly code?: unknown };
  return typeof code === "number" && code >= 400 && code < 500;
}

async function removeMirror(rest: RestClient, pod: Pod): Promise<void> {
  const { namespace = "", name, uid = "" } = pod.metadata;
  try {
    const options = { gracePeriodSeconds: 0, preconditions: { uid } };
    await rest.delete(Kinds.Pod, { namespace, name }, options);
  } catch (error) {
    if (!isNotFound(error) && !isConflict(error)) throw error;
  }
}

/** The mirror of a static pod, as upstream makes it: owned by its Node, evicted by no taint. */
export function mirrorDraft(
  pod: StaticPod,
  node: { readonly name: string; readonly uid: string },
): Draft<Pod> {
  const hash = hashOf(pod);
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      name: pod.name,
      namespace: pod.namespace,
      labels: { ...pod.labels },
      annotations: {
        ...pod.annotations,
        "kubernetes.io/config.hash": hash,
        [MIRROR_ANNOTATION]: hash,
        "kubernetes.io/config.source": pod.origin,
      },
      ownerReferences: [
        { apiVersion: "v1", kind: "Node", name: node.name, uid: node.uid, controller: true },
      ],
    },
    spec: {
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      tolerations: [{ operator: "Exists", effect: "NoExecute" }],
      ...pod.spec,
      nodeName: node.name,
    },
  };
}

function fits(mirror: Pod, pod: StaticPod): boolean {
  const { annotations = {}, deletionTimestamp } = mirror.metadata;
  return deletionTimestamp === undefined && annotations[MIRROR_ANNOTATION] === hashOf(pod);
}

/** Of what a mirror shows of a pod; its life is in the status. */
function hashOf({ labels, annotations, spec, origin }: StaticPod): string {
  const text = JSON.stringify([labels, annotations, spec, origin]);
  return createHash("sha256").update(text).digest("hex").slice(0, 32);
}

function findIn(sources: readonly StaticPodSource[], key: string): StaticPod | undefined {
  for (const source of sources) {
    const found = source.list().find((pod) => keyOf(pod) === key);
    if (found !== undefined) return found;
  }
  return undefined;
}

function nameOf({ metadata: { namespace = "", name } }: Pod): { namespace: string; name: string } {
  return { namespace, name };
}

const NODE_INTERVAL_MS = 20;

async function until(fits: () => boolean, signal: AbortSignal): Promise<void> {
  while (!fits()) await delay(NODE_INTERVAL_MS, undefined, { signal });
}

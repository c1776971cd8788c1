import { CONTROLLER_REVISION_HASH_LABEL, type DaemonSet, type Node, type Pod } from "@kubehop/api";
import { isDeleting } from "../../owners.ts";
import { isAvailable } from "../../pods.ts";
import { scaledValue } from "../../scaled-value.ts";
import { daemonPodSpec, fitOf, type NodeFit, targetNodeOf } from "./nodes.ts";

/** The next steps for a DaemonSet's pods. */
export interface DaemonPlan {
  /** Nodes that get a pod. */
  readonly create: readonly string[];
  readonly delete: readonly Pod[];
  /** Pods that failed too short a time ago to be replaced now; the time to come back, ms. */
  readonly retryInMs: number | undefined;
}

/** What the plan is made from. */
export interface DaemonState {
  readonly daemonSet: DaemonSet;
  readonly nodes: readonly Node[];
  /** Its pods, terminating ones too. */
  readonly pods: readonly Pod[];
  /** Label value of pods of the present template. */
  readonly hash: string;
  /** Unix ms. */
  readonly now: number;
}

/** A node and the pods there, those that count most first. */
export interface NodePods {
  readonly name: string;
  readonly fit: NodeFit;
  readonly pods: readonly Pod[];
}

/** A failed pod is replaced no sooner than so long after it was made: a broken node stays calm. */
const FAILED_POD_MS = 10_000;
const PHASES: readonly (string | undefined)[] = ["Running", "Pending", "Unknown", undefined];
const DEFAULT_MAX_UNAVAILABLE = 1;

/**
 * What to do next (upstream's manage and rollingUpdate): a pod on each node that should have one, no
 * second one, none elsewhere; then, with RollingUpdate, old pods make place for new ones. Pods that
 * do not serve are replaced at once; others within maxUnavailable, or, with maxSurge, after a new pod
 * on the same node has become available.
 */
export function planDaemonSet(state: DaemonState): DaemonPlan {
  if (isDeleting(state.daemonSet)) return { create: [], delete: [], retryInMs: undefined };
  const nodes = podsByNode(state);
  const places = planPlaces(state, nodes);
  const update = planUpdate(state, nodes);
  const leaving = new Set([...places.delete, ...update.delete].filter((pod) => !isDeleting(pod)));
  return {
    create: [...new Set([...places.create, ...update.create])],
    delete: [...leaving],
    retryInMs: places.retryInMs,
  };
}

/** Each node there is with its pods. */
export function podsByNode({ daemonSet, nodes, pods }: DaemonState): NodePods[] {
  const byNode = Map.groupBy(pods, (pod) => targetNodeOf(pod) ?? "");
  const spec = daemonPodSpec(daemonSet);
  return nodes.map((node) => ({
    name: node.metadata.name,
    fit: fitOf(spec, node),
    pods: (byNode.get(node.metadata.name) ?? []).toSorted(byPhaseAndAge),
  }));
}

/** Whether a pod is of the present template. */
export function isUpdated({ metadata }: Pod, hash: string): boolean {
  return metadata.labels?.[CONTROLLER_REVISION_HASH_LABEL] === hash;
}

function byPhaseAndAge(a: Pod, b: Pod): number {
  const phase = PHASES.indexOf(a.status?.phase) - PHASES.indexOf(b.status?.phase);
  if (phase !== 0) return phase;
  const age = (pod: Pod): string => `${pod.metadata.creationTimestamp ?? ""} ${pod.metadata.name}`;
  return age(a) < age(b) ? -1 : 1;
}

function planPlaces(state: DaemonState, nodes: readonly NodePods[]): DaemonPlan {
  const create: string[] = [];
  const doomed: Pod[] = [];
  const retries: number[] = [];
  for (const { name, fit, pods } of nodes) {
    const ended = pods.filter(({ status }) =>
      ["Failed", "Succeeded"].includes(status?.phase ?? ""),
    );
    if (!fit.mayStay) {
      doomed.push(...pods);
      continue;
    }
    if (fit.shouldRun && pods.length === 0) create.push(name);
    for (const pod of ended) {
      const wait = Date.parse(pod.metadata.creationTimestamp ?? "") + FAILED_POD_MS - state.now;
      if (wait > 0) retries.push(wait);
      else doomed.push(pod);
    }
    doomed.push(
      ...surplusOf(
        state,
        pods.filter((pod) => !ended.includes(pod) && !isDeleting(pod)),
      ),
    );
  }
  const known = new Set(nodes.map(({ name }) => name));
  doomed.push(
    ...state.pods.filter((pod) => !pod.spec.nodeName && !known.has(targetNodeOf(pod) ?? "")),
  );
  return {
    create,
    delete: doomed,
    retryInMs: retries.length > 0 ? Math.min(...retries) : undefined,
  };
}

/** Pods a node has too many; with maxSurge an old one and a new one may be there together. */
function surplusOf(state: DaemonState, pods: readonly Pod[]): readonly Pod[] {
  const isNew = (pod: Pod): boolean => isUpdated(pod, state.hash);
  if (limitsOf(state).maxSurge === 0) return pods.slice(1);
  const old = pods.filter((pod) => !isNew(pod));
  return [...old.slice(1), ...pods.filter(isNew).slice(1)];
}

/** How far an update may stray, in nodes; percentages are rounded up. */
function limitsOf(
  { daemonSet }: DaemonState,
  desired = 0,
): { maxSurge: number; maxUnavailable: number } {
  const { rollingUpdate = {}, type = "RollingUpdate" } = daemonSet.spec.updateStrategy ?? {};
  if (type !== "RollingUpdate") return { maxSurge: 0, maxUnavailable: 0 };
  const { maxSurge = 0, maxUnavailable = DEFAULT_MAX_UNAVAILABLE } = rollingUpdate;
  // Whether a percentage surges at all does not hang on how many nodes there are.
  return {
    maxSurge: scaledValue(maxSurge, Math.max(desired, 1), Math.ceil),
    maxUnavailable: scaledValue(maxUnavailable, desired, Math.ceil),
  };
}

interface Update {
  readonly create: readonly string[];
  readonly delete: readonly Pod[];
}

/** The old and the new pod of a node; undefined while there are more than one of either. */
interface Pair {
  readonly node: string;
  readonly old: Pod | undefined;
  readonly new: Pod | undefined;
}

function planUpdate(state: DaemonState, nodes: readonly NodePods[]): Update {
  const { type = "RollingUpdate" } = state.daemonSet.spec.updateStrategy ?? {};
  if (type !== "RollingUpdate") return { create: [], delete: [] };
  const running = nodes.filter(({ fit }) => fit.shouldRun);
  const { maxSurge, maxUnavailable } = limitsOf(state, running.length);
  const pairs = running.map((node) => pairOf(state, node));
  return maxSurge > 0
    ? planSurge(state, pairs, maxSurge)
    : { create: [], delete: planReplacement(state, pairs, maxUnavailable) };
}

function pairOf({ hash }: DaemonState, { name, pods }: NodePods): Pair {
  const live = pods.filter((pod) => !isDeleting(pod));
  return {
    node: name,
    old: live.find((pod) => !isUpdated(pod, hash)),
    new: live.find((pod) => isUpdated(pod, hash)),
  };
}

/** Deletes before it creates. */
function planReplacement(
  state: DaemonState,
  pairs: readonly Pair[],
  maxUnavailable: number,
): readonly Pod[] {
  const serves = (pod: Pod | undefined): boolean => pod !== undefined && isServing(state, pod);
  const outdated = pairs.flatMap((pair) => (pair.new === undefined ? (pair.old ?? []) : []));
  const unavailable = pairs.filter((pair) => !serves(pair.new ?? pair.old)).length;
  const idle = outdated.filter((pod) => !isServing(state, pod));
  const candidates = outdated.filter((pod) => isServing(state, pod));
  return [...idle, ...candidates.slice(0, Math.max(0, maxUnavailable - unavailable))];
}

/** Creates before it deletes. */
function planSurge(state: DaemonState, pairs: readonly Pair[], maxSurge: number): Update {
  const both = pairs.filter((pair) => pair.old !== undefined && pair.new !== undefined);
  const done = both.flatMap((pair) =>
    pair.old !== undefined && pair.new !== undefined && isServing(state, pair.new)
      ? [pair.old]
      : [],
  );
  const outdated = pairs.flatMap(({ node, old, new: fresh }) =>
    old !== undefined && fresh === undefined ? [{ node, old }] : [],
  );
  const idle = outdated.filter(({ old }) => !isServing(state, old));
  const candidates = outdated.filter(({ old }) => isServing(state, old));
  const surging = both.length - done.length;
  const chosen = [...idle, ...candidates.slice(0, Math.max(0, maxSurge - surging))];
  return { create: chosen.map(({ node }) => node), delete: done };
}

function isServing({ daemonSet, now }: DaemonState, pod: Pod): boolean {
  return !isDeleting(pod) && isAvailable(pod, daemonSet.spec.minReadySeconds ?? 0, now);
}

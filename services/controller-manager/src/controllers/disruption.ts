import {
  type Condition,
  Kinds,
  type KubeObject,
  labelSelectorMatches,
  namespacedName,
  type Pod,
  type PodDisruptionBudget,
  type PodDisruptionBudgetStatus,
  selectorFromLabelSelector,
} from "@kubehop/api";
import { BY_UID, type Caches } from "../caches.ts";
import { withCondition } from "../conditions.ts";
import { enqueueSelf } from "../enqueue.ts";
import { controllerOf, isDeleting } from "../owners.ts";
import { isActive, isReady } from "../pods.ts";
import { scaledValue } from "../scaled-value.ts";
import { canonicalJson } from "../template-hash.ts";
import type { Controller } from "./controller.ts";

/** A granted eviction that nobody sees so long after was not carried out (upstream's timeout). */
const DISRUPTION_TIMEOUT_MS = 120_000;

/** Counts for each PodDisruptionBudget how many of its pods may be evicted now. */
export const disruptionController: Controller = {
  name: "disruption",
  workers: 1,
  build(context, queue) {
    const { caches, clock, writer } = context;
    const budgets = caches.PodDisruptionBudget.store;
    enqueueSelf(caches.PodDisruptionBudget, queue);
    caches.Pod.onChange(({ previous, current }) => {
      const pods = [previous, current].filter((pod) => pod !== undefined);
      for (const budget of budgets.list(pods[0]?.metadata.namespace)) {
        if (pods.some((pod) => isGuarded(budget, pod))) queue.add(namespacedName(budget));
      }
    });
    // How many pods there should be is what their workloads say.
    for (const kind of SCALED) {
      caches[kind].onChange(({ key }) => {
        const [namespace] = key.split("/");
        for (const budget of budgets.list(namespace)) queue.add(namespacedName(budget));
      });
    }

    return async (key) => {
      const budget = budgets.get(key);
      if (budget === undefined || isDeleting(budget)) return;
      const status = budgetStatus(caches, budget, clock.now());
      const pending = Object.keys(status.disruptedPods ?? {}).length > 0;
      if (pending) queue.addAfter(key, DISRUPTION_TIMEOUT_MS);
      if (canonicalJson(status) === canonicalJson(budget.status)) return;
      const next = { ...budget, status };
      await writer.update(Kinds.PodDisruptionBudget, next, { subresource: "status" });
    };
  },
};

const SCALED = ["Deployment", "ReplicaSet", "StatefulSet", "ReplicationController"] as const;

function isGuarded({ spec, metadata }: PodDisruptionBudget, pod: Pod): boolean {
  if (spec?.selector === undefined || metadata.namespace !== pod.metadata.namespace) return false;
  return labelSelectorMatches(selectorFromLabelSelector(spec.selector), pod.metadata.labels);
}

/**
 * The status of a budget (upstream's trySync): of the pods expected, so many must be healthy; what
 * is healthy beyond that, and not being evicted yet, may go.
 */
export function budgetStatus(
  caches: Pick<Caches, "Pod" | (typeof SCALED)[number]>,
  budget: PodDisruptionBudget,
  now: number,
): PodDisruptionBudgetStatus {
  const { metadata, status } = budget;
  const pods = caches.Pod.store
    .list(metadata.namespace)
    .filter((pod) => isActive(pod) && isGuarded(budget, pod));
  const disruptedPods = stillDisrupted(status?.disruptedPods ?? {}, pods, now);
  const healthy = pods.filter((pod) => isReady(pod) && !(pod.metadata.name in disruptedPods));
  const { expected, desired } = expectation(caches, budget, pods);
  const allowed = expected <= 0 ? 0 : Math.max(0, healthy.length - desired);
  return {
    ...(Object.keys(disruptedPods).length > 0 && { disruptedPods }),
    disruptionsAllowed: allowed,
    currentHealthy: healthy.length,
    desiredHealthy: desired,
    expectedPods: expected,
    ...(metadata.generation !== undefined && { observedGeneration: metadata.generation }),
    conditions: withCondition(status?.conditions, allowedCondition(budget, allowed), now),
  };
}

function allowedCondition(
  { metadata }: PodDisruptionBudget,
  allowed: number,
): Omit<Condition, "lastTransitionTime"> {
  return {
    type: "DisruptionAllowed",
    status: allowed > 0 ? "True" : "False",
    reason: allowed > 0 ? "SufficientPods" : "InsufficientPods",
    message: "",
    ...(metadata.generation !== undefined && { observedGeneration: metadata.generation }),
  };
}

/** Granted evictions whose pods are still there, and for not too long. */
function stillDisrupted(
  disrupted: Readonly<Record<string, string>>,
  pods: readonly Pod[],
  now: number,
): Record<string, string> {
  const names = new Set(pods.map(({ metadata }) => metadata.name));
  const entries = Object.entries(disrupted).filter(
    ([name, time]) => names.has(name) && Date.parse(time) + DISRUPTION_TIMEOUT_MS > now,
  );
  return Object.fromEntries(entries);
}

interface Expectation {
  /** Pods there should be. */
  readonly expected: number;
  /** How many of them must be healthy. */
  readonly desired: number;
}

/** A number of available pods needs no workload; all else is counted from what workloads want. */
function expectation(
  caches: Pick<Caches, (typeof SCALED)[number]>,
  { spec = {} }: PodDisruptionBudget,
  pods: readonly Pod[],
): Expectation {
  const { minAvailable, maxUnavailable } = spec;
  if (maxUnavailable !== undefined) {
    const expected = expectedPods(caches, pods);
    const missing = scaledValue(maxUnavailable, expected, Math.ceil);
    return { expected, desired: Math.max(0, expected - missing) };
  }
  if (typeof minAvailable === "string") {
    const expected = expectedPods(caches, pods);
    return { expected, desired: scaledValue(minAvailable, expected, Math.ceil) };
  }
  return { expected: pods.length, desired: minAvailable ?? 0 };
}

/** What the workloads behind the pods want; a pod that no known workload controls counts as none. */
function expectedPods(caches: Pick<Caches, (typeof SCALED)[number]>, pods: readonly Pod[]): number {
  const scales = new Map<string, number>();
  for (const pod of pods) {
    const workload = topController(caches, pod);
    if (workload === undefined) continue;
    const { replicas = 1 } = (workload["spec"] ?? {}) as { replicas?: number };
    scales.set(workload.metadata.uid ?? "", replicas);
  }
  return [...scales.values()].reduce((sum, replicas) => sum + replicas, 0);
}

function topController(
  caches: Pick<Caches, (typeof SCALED)[number]>,
  object: KubeObject,
): KubeObject | undefined {
  const reference = controllerOf(object);
  const kind = SCALED.find((one) => one === reference?.kind);
  if (reference === undefined || kind === undefined) return undefined;
  const [owner] = caches[kind].store.byIndex(BY_UID, reference.uid) as readonly KubeObject[];
  return owner === undefined ? undefined : (topController(caches, owner) ?? owner);
}

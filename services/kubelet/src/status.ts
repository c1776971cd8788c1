import type { Condition, Container, ContainerStatus, Pod, PodPhase, PodStatus } from "@kubehop/api";
import {
  containerStatus,
  ephemeralContainerStatus,
  type ContainerFacts,
} from "./container-status.ts";
import { podConditions } from "./conditions.ts";
import { isSidecar } from "./pod-plan.ts";
import { toTime } from "./time.ts";

/** Everything a pod's status is computed from. */
export interface PodFacts {
  readonly pod: Pod;
  /** Whether the sandbox runs with its network. */
  readonly sandboxReady: boolean;
  readonly podIps: readonly string[];
  readonly hostIps: readonly string[];
  /** No container runs and none will be started (deletion, deadline, a failed init container). */
  readonly over: boolean;
  /** The pod has failed as a whole, e.g. DeadlineExceeded. */
  readonly failure?: { readonly reason?: string; readonly message?: string };
  factsOf(container: Container): ContainerFacts;
  /** unix ms. */
  readonly now: number;
}

/**
 * The status of a pod as its kubelet reports it: phase, conditions with the time of their last
 * change, containers, addresses (pkg/kubelet/kubelet_pods.go generateAPIPodStatus).
 */
export function podStatus(facts: PodFacts): PodStatus {
  const { pod } = facts;
  const previous = pod.status ?? {};
  const init = (pod.spec.initContainers ?? []).map((container) =>
    containerStatus(container, facts.factsOf(container)),
  );
  const main = pod.spec.containers.map((container) =>
    containerStatus(container, facts.factsOf(container)),
  );
  const ephemeral = (pod.spec.ephemeralContainers ?? []).map((container) =>
    ephemeralContainerStatus(container, facts.factsOf(container)),
  );
  const phase = podPhase(facts, init, main);
  const initialized = isInitialized(pod, init);
  const conditions = podConditions({ ...facts, phase, initialized, main, init });
  return {
    ...(pod.metadata.generation === undefined
      ? {}
      : { observedGeneration: pod.metadata.generation }),
    phase,
    conditions: withTransitionTimes(conditions, previous.conditions ?? [], facts.now),
    ...facts.failure,
    ...addresses(facts),
    startTime: previous.startTime ?? toTime(facts.now),
    ...(init.length > 0 ? { initContainerStatuses: init } : {}),
    containerStatuses: main,
    ...(ephemeral.length > 0 ? { ephemeralContainerStatuses: ephemeral } : {}),
    qosClass: previous.qosClass ?? qosClass(pod),
  };
}

/** A pod's class of service by its requests and limits (pkg/apis/core/v1/helper/qos). */
export function qosClass(pod: Pod): NonNullable<PodStatus["qosClass"]> {
  const containers = [...(pod.spec.initContainers ?? []), ...pod.spec.containers];
  const pairs = containers.flatMap(({ resources = {} }) =>
    ["cpu", "memory"].map((name) => [resources.requests?.[name], resources.limits?.[name]]),
  );
  if (pairs.every(([request, limit]) => request === undefined && limit === undefined)) {
    return "BestEffort";
  }
  const guaranteed = pairs.every(([request, limit]) => limit && (request ?? limit) === limit);
  return guaranteed ? "Guaranteed" : "Burstable";
}

/** pkg/kubelet/kubelet_pods.go getPhase. */
function podPhase(
  facts: PodFacts,
  init: readonly ContainerStatus[],
  main: readonly ContainerStatus[],
): PodPhase {
  const { pod, failure } = facts;
  const known = pod.status?.phase ?? "Pending";
  if (known === "Succeeded" || known === "Failed") return known;
  if (failure !== undefined) return facts.over ? "Failed" : known;
  const end = facts.over ? finalPhase(pod, main) : undefined;
  return end ?? (isInitialized(pod, init) && main.every(hasStarted) ? "Running" : "Pending");
}

/** How a pod ended in which nothing runs; undefined when it was deleted before it began. */
function finalPhase(pod: Pod, main: readonly ContainerStatus[]): PodPhase | undefined {
  const ended = main.map((status) => status.state?.terminated);
  if (ended.every((end) => end?.exitCode === 0)) return "Succeeded";
  const hasRun = ended.every((end) => end !== undefined);
  return hasRun || pod.metadata.deletionTimestamp === undefined ? "Failed" : undefined;
}

function hasStarted({ state, lastState }: ContainerStatus): boolean {
  return state?.waiting === undefined || lastState?.terminated !== undefined;
}

function isInitialized(pod: Pod, init: readonly ContainerStatus[]): boolean {
  return (pod.spec.initContainers ?? []).every((container, index) => {
    const status = init[index];
    return isSidecar(container)
      ? status?.started === true || status?.state?.terminated !== undefined
      : status?.state?.terminated?.exitCode === 0;
  });
}

function addresses({ sandboxReady, podIps, hostIps }: PodFacts): Partial<PodStatus> {
  const [hostIP] = hostIps;
  const host = hostIP === undefined ? {} : { hostIP, hostIPs: hostIps.map((ip) => ({ ip })) };
  const [podIP] = podIps;
  if (!sandboxReady || podIP === undefined) return host;
  return { ...host, podIP, podIPs: podIps.map((ip) => ({ ip })) };
}

function withTransitionTimes(
  conditions: readonly Condition[],
  previous: readonly Condition[],
  now: number,
): Condition[] {
  return conditions.map((condition) => {
    const before = previous.find(({ type }) => type === condition.type);
    const since = before?.status === condition.status ? before.lastTransitionTime : undefined;
    return { ...condition, lastTransitionTime: since ?? toTime(now) };
  });
}

import type { DaemonSetStatus } from "@kubehop/api";
import { isAvailable, isReady } from "../../pods.ts";
import { type DaemonState, isUpdated, podsByNode } from "./plan.ts";

/** The status of a DaemonSet with such nodes and pods; of several pods on a node the first counts. */
export function daemonSetStatus(state: DaemonState): DaemonSetStatus {
  const { daemonSet, hash, now } = state;
  const { minReadySeconds = 0 } = daemonSet.spec;
  const nodes = podsByNode(state);
  const wanted = nodes.filter(({ fit }) => fit.shouldRun);
  const first = wanted.flatMap(({ pods: [pod] }) => pod ?? []);
  const available = first.filter((pod) => isAvailable(pod, minReadySeconds, now)).length;
  const { generation } = daemonSet.metadata;
  const { conditions } = daemonSet.status ?? {};
  return {
    currentNumberScheduled: first.length,
    numberMisscheduled: nodes.filter(({ fit, pods }) => !fit.shouldRun && pods.length > 0).length,
    desiredNumberScheduled: wanted.length,
    numberReady: first.filter(isReady).length,
    ...(generation !== undefined && { observedGeneration: generation }),
    updatedNumberScheduled: first.filter((pod) => isUpdated(pod, hash)).length,
    numberAvailable: available,
    numberUnavailable: wanted.length - available,
    ...(conditions !== undefined && { conditions }),
  };
}

import {
  type Condition,
  labelSelectorMatches,
  namespacedName,
  type Node,
  type Pod,
  selectorFromMap,
  type Service,
  WEIGHT_ANNOTATION,
  ZONE_LABEL,
} from "@kubehop/api";
import type { Change, WorkQueue } from "@kubehop/client";
import { BY_NODE } from "../caches.ts";
import { findCondition } from "../conditions.ts";
import { canonicalJson } from "../template-hash.ts";
import type { Context } from "./controller.ts";
import { hasManagedEndpoints } from "./endpoint-slice/endpoints.ts";

/**
 * Puts a Service's key into the queue when it changes, when a pod that it selects (or selected)
 * changes in a way that endpoints show, and when the Node of such a pod comes, goes or moves to
 * another zone.
 */
export function enqueueServices({ caches }: Context, queue: WorkQueue): void {
  const addServicesOf = (pod: Pod | undefined): void => {
    if (pod === undefined) return;
    for (const service of caches.Service.store.list(pod.metadata.namespace)) {
      if (!hasManagedEndpoints(service)) continue;
      const selector = selectorFromMap(service.spec.selector);
      if (labelSelectorMatches(selector, pod.metadata.labels)) queue.add(namespacedName(service));
    }
  };
  caches.Service.onChange(({ key }) => queue.add(key));
  caches.Pod.onChange(({ previous, current }: Change<Pod>) => {
    if (previous && current && shownOf(previous) === shownOf(current)) return;
    addServicesOf(previous);
    addServicesOf(current);
  });
  caches.Node.onChange(({ key, previous, current }: Change<Node>) => {
    if (previous && current && zoneOf(previous) === zoneOf(current)) return;
    for (const pod of caches.Pod.store.byIndex(BY_NODE, key)) addServicesOf(pod);
  });
}

/** The pods that a Service selects. */
export function podsOf({ caches }: Context, { metadata, spec }: Service): Pod[] {
  const selector = selectorFromMap(spec.selector);
  const pods = caches.Pod.store.list(metadata.namespace);
  return pods.filter((pod) => labelSelectorMatches(selector, pod.metadata.labels));
}

function zoneOf({ metadata }: Node): string | undefined {
  return metadata.labels?.[ZONE_LABEL];
}

/** What endpoints show of a pod; status writes that change nothing of it are no reason to look. */
function shownOf({ metadata, spec, status }: Pod): string {
  const ready: Condition | undefined = findCondition(status?.conditions, "Ready");
  return canonicalJson([
    metadata.uid,
    metadata.labels,
    metadata.deletionTimestamp !== undefined,
    metadata.annotations?.[WEIGHT_ANNOTATION],
    spec.nodeName,
    spec.hostname,
    spec.subdomain,
    status?.phase,
    status?.podIP,
    status?.podIPs,
    ready?.status,
    ready?.lastTransitionTime,
  ]);
}

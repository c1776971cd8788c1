import { isNotFound, Kinds, type Pod, type StatefulSet, type Deployment } from "@kubehop/api";
import type { RestClient } from "@kubehop/client/api-server";
import { PodError } from "./pod-error.ts";

/** How a target names the kind of its owner. */
const OWNERS: Readonly<Record<string, "pod" | "Deployment" | "StatefulSet">> = {
  po: "pod",
  pod: "pod",
  pods: "pod",
  deploy: "Deployment",
  deployment: "Deployment",
  deployments: "Deployment",
  sts: "StatefulSet",
  statefulset: "StatefulSet",
  statefulsets: "StatefulSet",
};

/**
 * Finds the pod that POD, deploy/NAME or sts/NAME means; of several, the first that is ready.
 * Throws PodError when there is none.
 */
export async function findPod(rest: RestClient, namespace: string, target: string): Promise<Pod> {
  const pods = await findPods(rest, namespace, target);
  return pods.find(isReady) ?? (pods[0] as Pod);
}

/** Finds all pods that POD, deploy/NAME or sts/NAME means. Throws PodError when there is none. */
export async function findPods(
  rest: RestClient,
  namespace: string,
  target: string,
): Promise<readonly Pod[]> {
  const [prefix = "", rest_] = target.split("/");
  const owner = rest_ === undefined ? "pod" : OWNERS[prefix];
  const name = rest_ ?? prefix;
  if (owner === undefined || name === "") {
    throw new PodError(`"${target}" is not a pod.`, "Write POD, deploy/NAME or sts/NAME.");
  }
  try {
    if (owner === "pod") return [await rest.get(Kinds.Pod, { namespace, name })];
    const workload: Deployment | StatefulSet = await rest.get(
      owner === "Deployment" ? Kinds.Deployment : Kinds.StatefulSet,
      { namespace, name },
    );
    return await podsOf(rest, workload, target);
  } catch (error) {
    if (!isNotFound(error)) throw error;
    const kind = owner === "pod" ? "pod" : owner.toLowerCase();
    throw new PodError(
      `There is no ${kind} "${name}" in namespace ${namespace}.`,
      "kubehop status lists the pods; -n NAMESPACE looks in another namespace.",
    );
  }
}

async function podsOf(
  rest: RestClient,
  workload: Deployment | StatefulSet,
  target: string,
): Promise<readonly Pod[]> {
  const { namespace = "default" } = workload.metadata;
  const labels = workload.spec.selector.matchLabels ?? {};
  const labelSelector = Object.entries(labels)
    .map(([key, value]) => `${key}=${value}`)
    .join(",");
  const { items } = await rest.list(Kinds.Pod, { namespace, labelSelector });
  const alive = items.filter((pod) => pod.metadata.deletionTimestamp === undefined);
  if (alive.length > 0) return alive;
  throw new PodError(`${target} has no pods.`, "Scale it up, or see kubehop status.");
}

/** Whether a pod's condition Ready is True. */
export function isReady(pod: Pod): boolean {
  const conditions = pod.status?.conditions ?? [];
  return conditions.some(({ type, status }) => type === "Ready" && status === "True");
}

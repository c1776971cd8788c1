import { isAlreadyExists, isNotFound, Kinds, type Pod } from "@kubehop/api";
import { findPod } from "@kubehop/trace";
import type { Cluster } from "./cluster.ts";
import { waitForPod } from "./pod-readiness.ts";

/** Which pod asks. */
export interface FromOptions {
  /**
   * POD, deploy/NAME or sts/NAME; of several pods the first that is ready. Default: a pod
   * "kubehop-client" that is made in the namespace when it is needed.
   */
  readonly from?: string;
  /** Its namespace, which decides what short names mean; default "default". */
  readonly namespace?: string;
}

const NAME = "kubehop-client";
const READY_TIMEOUT_MS = 20_000;

/** Finds the pod that asks. Throws PodError when there is none. */
export async function askingPod(
  cluster: Cluster,
  { from, namespace = "default" }: FromOptions,
): Promise<Pod> {
  if (from !== undefined) return findPod(cluster.rest, namespace, from);
  const ref = { namespace, name: NAME };
  const found = await cluster.rest.get(Kinds.Pod, ref).catch((error: unknown) => {
    if (isNotFound(error)) return undefined;
    throw error;
  });
  if (found === undefined) await createClientPod(cluster, namespace);
  return waitForPod(cluster, ref, READY_TIMEOUT_MS);
}

async function createClientPod({ rest }: Cluster, namespace: string): Promise<void> {
  const pod = {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { namespace, name: NAME, labels: { "app.kubernetes.io/managed-by": "kubehop" } },
    spec: {
      terminationGracePeriodSeconds: 1,
      containers: [{ name: "client", image: "kubehop/sample-app", args: ["wait"] }],
    },
  };
  await rest.create(Kinds.Pod, pod).catch((error: unknown) => {
    // Another call of this moment has made it.
    if (!isAlreadyExists(error)) throw error;
  });
}

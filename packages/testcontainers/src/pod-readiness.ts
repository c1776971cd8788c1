import { isNotFound, Kinds, type Pod } from "@kubehop/api";
import { isPodReady, whyNotReady } from "@kubehop/lab/manifests";
import { setTimeout as delay } from "node:timers/promises";
import type { Cluster } from "./cluster.ts";
import { KubehopError } from "./kubehop-error.ts";

const POLL_MS = 25;

/** Waits until a pod is ready and gives it. Throws KubehopError that says why it is not. */
export async function waitForPod(
  { rest }: Cluster,
  ref: { readonly namespace: string; readonly name: string },
  timeoutMs: number,
): Promise<Pod> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const pod = await rest.get(Kinds.Pod, ref).catch((error: unknown) => {
      if (isNotFound(error)) return undefined;
      throw error;
    });
    if (pod !== undefined && isPodReady(pod)) return pod;
    if (Date.now() > deadline) {
      const why = pod === undefined ? "it does not exist" : whyNotReady(pod);
      throw new KubehopError(
        `Pod ${ref.namespace}/${ref.name} is not ready after ${timeoutMs} ms: ${why}`,
        "podLogs() and events() say more.",
      );
    }
    await delay(POLL_MS);
  }
}

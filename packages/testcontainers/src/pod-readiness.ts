import { isNotFound, Kinds, type Pod } from "@kubehop/api";
import type { RestClient } from "@kubehop/client/api-server";
import { isPodReady, whyNotReady } from "@kubehop/lab/manifests";
import { text } from "node:stream/consumers";
import { setTimeout as delay } from "node:timers/promises";
import type { Cluster } from "./cluster.ts";
import { KubehopError } from "./kubehop-error.ts";

const POLL_MS = 25;
const LOG_LINES = 3;
const LOG_TIMEOUT_MS = 2_000;

interface PodRef {
  readonly namespace: string;
  readonly name: string;
}

/** Waits until a pod is ready and gives it. Throws KubehopError that says why it is not. */
export async function waitForPod({ rest }: Cluster, ref: PodRef, timeoutMs: number): Promise<Pod> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const pod = await rest.get(Kinds.Pod, ref).catch((error: unknown) => {
      if (isNotFound(error)) return undefined;
      throw error;
    });
    if (pod !== undefined && isPodReady(pod)) return pod;
    if (Date.now() > deadline) {
      const why = pod === undefined ? "it does not exist" : whyNotReady(pod);
      const lines = await lastLines(rest, ref).catch(() => "");
      throw new KubehopError(
        `Pod ${ref.namespace}/${ref.name} is not ready after ${timeoutMs} ms: ${why}${lines}`,
        "podLogs() and events() say more.",
      );
    }
    await delay(POLL_MS);
  }
}

/** What a pod said last is often why. */
async function lastLines(rest: RestClient, { namespace, name }: PodRef): Promise<string> {
  const { body } = await rest.request({
    method: "GET",
    path: `/api/v1/namespaces/${namespace}/pods/${name}/log?tailLines=${LOG_LINES}`,
    signal: AbortSignal.timeout(LOG_TIMEOUT_MS),
  });
  const lines = (await text(body)).trimEnd();
  return lines === "" ? "" : `. It said:\n${lines}`;
}

import { isNotFound, Kinds, type Pod } from "@kubehop/api";
import { setTimeout as delay } from "node:timers/promises";
import type { Cluster } from "./cluster.ts";
import { KubehopError } from "./kubehop-error.ts";

const POLL_MS = 25;

/** Which end is waited for. */
export interface EndOptions {
  /** Default the first container. */
  readonly container?: string | undefined;
  /** Whether to wait until it has been started again, too. */
  readonly startedAgain: boolean;
  readonly timeoutMs: number;
}

/**
 * Waits until the kubelet has told of the end of a container that ran when `before` was read, so
 * that what is asked next is no longer answered from before it. A pod that is gone has ended.
 */
export async function waitForEnd(
  cluster: Cluster,
  before: Pod,
  { container, startedAgain, timeoutMs }: EndOptions,
): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  const id = statusOf(before, container)?.containerID;
  for (;;) {
    const pod = await readAgain(cluster, before);
    if (pod === undefined) return;
    const status = statusOf(pod, container);
    const runs = status?.state?.running !== undefined;
    const isNew = status?.containerID !== id;
    if (startedAgain ? isNew && runs : isNew || !runs) return;
    if (Date.now() > deadline) throw tooLate(before, { startedAgain, timeoutMs });
    await delay(POLL_MS);
  }
}

/** The pod as it is now; undefined when it is gone or another has its name. */
async function readAgain({ rest }: Cluster, { metadata }: Pod): Promise<Pod | undefined> {
  try {
    const pod = await rest.get(Kinds.Pod, metadata);
    return pod.metadata.uid === metadata.uid ? pod : undefined;
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

function tooLate(
  { metadata }: Pod,
  { startedAgain, timeoutMs }: Pick<EndOptions, "startedAgain" | "timeoutMs">,
): KubehopError {
  const missing = startedAgain ? "has not been started again" : "has not ended";
  return new KubehopError(
    `Pod ${metadata.namespace}/${metadata.name} was signalled, but ${missing} after ${timeoutMs} ms.`,
    "events() and podLogs() say more.",
  );
}

type ContainerStatus = NonNullable<NonNullable<Pod["status"]>["containerStatuses"]>[number];

function statusOf(pod: Pod, container: string | undefined): ContainerStatus | undefined {
  const name = container ?? pod.spec.containers[0]?.name;
  return pod.status?.containerStatuses?.find((status) => status.name === name);
}

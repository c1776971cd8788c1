import { type EndpointSlice, Kinds, SERVICE_NAME_LABEL } from "@kubehop/api";
import { openHopStream } from "@kubehop/trace";
import { setTimeout as delay } from "node:timers/promises";
import type { Cluster } from "./cluster.ts";
import { newestRevision, waitUntilServed } from "./convergence.ts";
import { KubehopError } from "./kubehop-error.ts";
import { parseServiceName } from "./service-name.ts";

/** An endpoint of a Service that takes connections. */
export interface ReadyEndpoint {
  readonly ip: string;
  readonly pod?: string;
  readonly node?: string;
}

const DEFAULT_TIMEOUT_MS = 30_000;
const POLL_MS = 25;

/**
 * Waits until a Service has exactly so many ready endpoints and, as far as they tell within a
 * second, every kube-proxy serves them. Throws KubehopError naming those it has when time is up.
 */
export async function waitForEndpoints(
  cluster: Cluster,
  service: string,
  count: number,
  timeoutMs: number = DEFAULT_TIMEOUT_MS,
): Promise<ReadyEndpoint[]> {
  using hops = await openHopStream(cluster.rest);
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const { endpoints, revision } = await readEndpoints(cluster, service);
    if (endpoints.length === count) {
      await waitUntilServed(cluster, hops, revision);
      return endpoints;
    }
    if (Date.now() > deadline) {
      const names = endpoints.map(({ ip, pod }) => pod ?? ip).join(", ") || "none";
      throw new KubehopError(
        `Service ${service} has ${endpoints.length} ready endpoints, not ${count}, after ${timeoutMs} ms: ${names}.`,
        "events() and podLogs() say why pods are not ready.",
      );
    }
    await delay(POLL_MS);
  }
}

async function readEndpoints(
  { rest }: Cluster,
  service: string,
): Promise<{ endpoints: ReadyEndpoint[]; revision: number }> {
  const { namespace, name } = parseServiceName(service);
  const labelSelector = `${SERVICE_NAME_LABEL}=${name}`;
  const { items } = await rest.list(Kinds.EndpointSlice, { namespace, labelSelector });
  return { endpoints: items.flatMap(readyEndpoints), revision: newestRevision(items) };
}

function readyEndpoints({ endpoints }: EndpointSlice): ReadyEndpoint[] {
  return endpoints
    .filter(({ conditions }) => conditions?.ready !== false)
    .map(({ addresses, targetRef, nodeName }) => ({
      ip: addresses[0] ?? "",
      ...(targetRef?.name === undefined ? {} : { pod: targetRef.name }),
      ...(nodeName === undefined ? {} : { node: nodeName }),
    }));
}

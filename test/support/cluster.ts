import { Kinds, SERVICE_NAME_LABEL } from "@kubehop/api";
import type { EndpointSlice, Pod } from "@kubehop/api";
import { waitFor } from "@kubehop/testkit";
import type { RestClient } from "@kubehop/client";

/** A lab, as far as its API server goes. */
export interface Cluster {
  readonly rest: RestClient;
}

const DEFAULT_TIMEOUT_MS = 60_000;

/** A Service's slices, newest state. */
export async function slicesOf(
  lab: Cluster,
  name: string,
  namespace = "default",
): Promise<EndpointSlice[]> {
  const labelSelector = `${SERVICE_NAME_LABEL}=${name}`;
  return (await lab.rest.list(Kinds.EndpointSlice, { namespace, labelSelector })).items;
}

/** Addresses of the ready endpoints of a Service, sorted. */
export function readyAddresses(slices: readonly EndpointSlice[]): string[] {
  return slices
    .flatMap((slice) => slice.endpoints ?? [])
    .filter((endpoint) => endpoint.conditions?.ready !== false)
    .flatMap((endpoint) => endpoint.addresses)
    .toSorted((a, b) => a.localeCompare(b));
}

/** The highest resourceVersion of some slices. */
export function newestVersion(slices: readonly EndpointSlice[]): string {
  const versions = slices.map((slice) => Number(slice.metadata.resourceVersion ?? 0));
  return String(Math.max(0, ...versions));
}

/** Waits until a Service has exactly `count` ready endpoints and no others; gives its slices. */
export function endpointsReady(
  lab: Cluster,
  name: string,
  count: number,
): Promise<EndpointSlice[]> {
  let seen: readonly EndpointSlice[] = [];
  return waitFor(
    async () => {
      const slices = await slicesOf(lab, name);
      seen = slices;
      const all = slices.flatMap((slice) => slice.endpoints ?? []).length;
      return all === count && readyAddresses(slices).length === count ? slices : undefined;
    },
    {
      timeoutMs: DEFAULT_TIMEOUT_MS,
      describe: () =>
        `${count} ready endpoints of ${name}; it has ${JSON.stringify(seen.map((slice) => slice.endpoints))}`,
    },
  );
}

/** The pods a label selector selects. */
export async function podsOf(
  lab: Cluster,
  labelSelector: string,
  namespace = "default",
): Promise<Pod[]> {
  return (await lab.rest.list(Kinds.Pod, { namespace, labelSelector })).items;
}

/** Waits until the selected pods are `count`, running and ready, none of them going. */
export function podsReady(lab: Cluster, labelSelector: string, count: number): Promise<Pod[]> {
  let seen: readonly Pod[] = [];
  return waitFor(
    async () => {
      const pods = await podsOf(lab, labelSelector);
      seen = pods;
      return pods.length === count && pods.every(isReady) ? pods : undefined;
    },
    {
      timeoutMs: DEFAULT_TIMEOUT_MS,
      describe: () =>
        `${count} ready pods of ${labelSelector}; seen: ${JSON.stringify(seen.map(brief))}`,
    },
  );
}

/** Whether a pod is ready and not being deleted. */
export function isReady(pod: Pod): boolean {
  const ready = pod.status?.conditions?.find((condition) => condition.type === "Ready");
  return ready?.status === "True" && pod.metadata.deletionTimestamp === undefined;
}

function brief(pod: Pod): unknown {
  return { name: pod.metadata.name, status: pod.status };
}

/** The names of the nodes. */
export async function nodeNames(lab: Cluster): Promise<string[]> {
  const { items } = await lab.rest.list(Kinds.Node);
  return items.map((node) => node.metadata.name);
}

/** Sets a Deployment's or StatefulSet's number of pods. */
export async function scale(
  lab: Cluster,
  kind: "Deployment" | "StatefulSet",
  name: string,
  replicas: number,
): Promise<void> {
  const ref = { namespace: "default", name };
  const patch = { type: "merge", body: { spec: { replicas } } } as const;
  if (kind === "Deployment") await lab.rest.patch(Kinds.Deployment, ref, patch);
  else await lab.rest.patch(Kinds.StatefulSet, ref, patch);
}

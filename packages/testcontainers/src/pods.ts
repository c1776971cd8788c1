import { Kinds, type Pod, SERVICE_NAME_LABEL } from "@kubehop/api";
import { findPods } from "@kubehop/trace";
import type { Cluster } from "./cluster.ts";
import { KubehopError } from "./kubehop-error.ts";

/** Which pods are meant. */
export interface PodOptions {
  /** Default "default". */
  readonly namespace?: string;
}

/**
 * The pods that a target means: POD, deploy/NAME, sts/NAME, svc/NAME (its endpoints), or a label
 * selector such as "app=my-api". Throws when there are none: a fault without a victim proves nothing.
 */
export async function targetPods(
  cluster: Cluster,
  target: string,
  { namespace = "default" }: PodOptions = {},
): Promise<readonly Pod[]> {
  const service = /^(?:svc|service)\/(.+)$/.exec(target)?.[1];
  if (service !== undefined) return podsOfService(cluster, namespace, service);
  if (!/[=!(,]/.test(target)) return findPods(cluster.rest, namespace, target);
  const { items } = await cluster.rest.list(Kinds.Pod, { namespace, labelSelector: target });
  return notEmpty(items, `No pod in namespace ${namespace} matches "${target}".`);
}

async function podsOfService(
  { rest }: Cluster,
  namespace: string,
  service: string,
): Promise<readonly Pod[]> {
  const labelSelector = `${SERVICE_NAME_LABEL}=${service}`;
  const [slices, pods] = await Promise.all([
    rest.list(Kinds.EndpointSlice, { namespace, labelSelector }),
    rest.list(Kinds.Pod, { namespace }),
  ]);
  const endpoints = slices.items.flatMap((slice) => slice.endpoints);
  const names = new Set(endpoints.map(({ targetRef }) => targetRef?.name));
  const items = pods.items.filter(({ metadata }) => names.has(metadata.name));
  return notEmpty(items, `Service ${namespace}/${service} has no endpoints.`);
}

function notEmpty(pods: readonly Pod[], happened: string): readonly Pod[] {
  if (pods.length > 0) return pods;
  throw new KubehopError(happened, "Nothing was done. Name other pods.");
}

/** "namespace/name". */
export function nameOf({ metadata }: Pod): string {
  return `${metadata.namespace ?? "default"}/${metadata.name}`;
}

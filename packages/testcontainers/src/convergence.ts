import { type HopEvent, Kinds, SERVICE_NAME_LABEL, type SyncedEvent } from "@kubehop/api";
import type { HopStream } from "@kubehop/trace";
import type { Cluster } from "./cluster.ts";

/** An object with a place in the registry's one line of versions. */
interface Versioned {
  readonly kind: string;
  readonly metadata: {
    readonly namespace?: string;
    readonly name: string;
    readonly resourceVersion?: string;
  };
}

/**
 * Waits until every kube-proxy, and every DNS server that says anything, serves the registry as of
 * a revision; at most for a second, because one that is down says nothing. The stream must have
 * been opened for it: components then tell what they serve.
 */
export async function waitUntilServed(
  { rest }: Cluster,
  hops: HopStream,
  revision: number,
): Promise<void> {
  const { items: nodes } = await rest.list(Kinds.Node);
  await hops.joined((events) => {
    const served = servedRevisions(events);
    const proxies = nodes.map(({ metadata }) => served.get(`kube-proxy ${metadata.name}`) ?? 0);
    return { complete: [...proxies, ...served.values()].every((from) => from >= revision) };
  });
}

/** The newest revision among Services, their EndpointSlices included; 0 when there are none. */
export async function serviceRevision(
  { rest }: Cluster,
  objects: readonly Versioned[],
): Promise<number> {
  const services = objects.filter(({ kind }) => kind === "Service" || kind === "EndpointSlice");
  const slices = await Promise.all(
    services.map(({ metadata }) => {
      const labelSelector = `${SERVICE_NAME_LABEL}=${metadata.name}`;
      const { namespace = "default" } = metadata;
      return rest.list(Kinds.EndpointSlice, { namespace, labelSelector });
    }),
  );
  return newestRevision([...services, ...slices.flatMap(({ items }) => items)]);
}

/** The newest revision of some objects; 0 of none. */
export function newestRevision(objects: readonly Pick<Versioned, "metadata">[]): number {
  return Math.max(0, ...objects.map(({ metadata }) => Number(metadata.resourceVersion ?? 0)));
}

/** What each component said last, e.g. "kube-proxy node-1" → 57. */
function servedRevisions(events: readonly HopEvent[]): Map<string, number> {
  const synced = events.filter((event): event is SyncedEvent => event.type === "synced");
  return new Map(
    synced.map(({ component, node, resourceVersion }) => [
      `${component} ${node}`,
      Number(resourceVersion),
    ]),
  );
}

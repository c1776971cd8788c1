import type { Namespace, Pod } from "@kubehop/api";
import type { Clock } from "@kubehop/kit";
import type { ClusterSource, ObjectSource } from "./cluster-source.ts";
import { followSource } from "./follow-source.ts";
import { createIpIndex } from "./ip-index.ts";
import { createServiceIndex, type ServiceIndex } from "./service-index.ts";

/**
 * What DNS answers from: maps that follow the registry. While the registry cannot be reached the
 * last known state stays.
 */
export interface ClusterView extends ServiceIndex {
  namespace(name: string): Namespace | undefined;
  /** Whether a running pod of the namespace has this IP; needs `followPods`. */
  hasPod(namespace: string, ip: string): boolean;
  /** The running pod with this IP as `namespace/name`; needs `followPods`. */
  podAt(ip: string): string | undefined;
  followPods(): void;
  /** Whether every kind that is followed was read completely once. */
  synced(): boolean;
  /** Another number after each change of what is followed. */
  generation(): number;
  /** Unix time in seconds of the last change. */
  changedAt(): number;
  /** The registry revision the maps reflect. */
  revision(): number;
}

/** Where the view's news go. */
export interface ClusterViewOptions {
  readonly source: ClusterSource;
  readonly clock: Clock;
  /** Called with the revision after changes, at most once a turn of the event loop. */
  onApplied(revision: number): void;
  /** Called when a slice of a headless Service with a selector changed at `since` (unix ms). */
  onProgrammed(since: number): void;
}

/** Phases in which a pod has no name any more (CoreDNS' watch filter). */
const ENDED_PHASES: ReadonlySet<string | undefined> = new Set(["Succeeded", "Failed", "Unknown"]);

/** Creates the view and begins to follow the source. */
export function createClusterView(options: ClusterViewOptions): ClusterView {
  const { source, clock, onProgrammed } = options;
  const followed: ObjectSource<unknown>[] = [source.services, source.slices, source.namespaces];
  const pods = createIpIndex<string>();
  const revision = (): number => Math.max(...followed.map((each) => each.revision()));
  const notify = createNotifier(() => options.onApplied(revision()));
  let changedAt = Math.floor(clock.now() / 1000);
  let generation = 0;
  const onChange = (): void => {
    generation++;
    changedAt = Math.floor(clock.now() / 1000);
    notify();
  };
  const services = createServiceIndex(source, { onChange, onProgrammed });
  followSource(source.namespaces, onChange);
  return {
    ...services,
    namespace: (name) => source.namespaces.store.get(name),
    hasPod: (namespace, ip) => pods.get(ip).some((key) => key.startsWith(`${namespace}/`)),
    podAt: (ip) => pods.get(ip)[0],
    followPods() {
      if (followed.includes(source.pods)) return;
      followed.push(source.pods);
      followSource(source.pods, ({ key, previous, current }) => {
        pods.remove(podIps(previous), key);
        pods.add(podIps(current), key);
        onChange();
      });
    },
    synced: () => followed.every((each) => each.hasSynced()),
    generation: () => generation,
    changedAt: () => changedAt,
    revision,
  };
}

/** Calls back once for all changes of one turn of the event loop. */
function createNotifier(callback: () => void): () => void {
  let pending = false;
  return () => {
    if (pending) return;
    pending = true;
    setImmediate(() => {
      pending = false;
      callback();
    });
  };
}

function podIps(pod: Pod | undefined): readonly string[] {
  if (pod === undefined || pod.metadata.deletionTimestamp !== undefined) return [];
  if (ENDED_PHASES.has(pod.status?.phase)) return [];
  const { podIP, podIPs } = pod.status ?? {};
  const ips = (podIPs ?? []).map(({ ip }) => ip).filter((ip) => ip !== undefined);
  return ips.length > 0 ? ips : podIP === undefined ? [] : [podIP];
}

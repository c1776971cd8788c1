import type { Pod, Service } from "@kubehop/api";
import { findCondition } from "../../conditions.ts";

/** Remembers what each Service's last sync saw, to tell what caused the next one. */
export interface TriggerTimes {
  /**
   * The oldest moment (unix ms) of what is new since the last call for this Service: its own
   * creation or a pod's change of readiness; undefined when nothing of that kind is.
   */
  observe(key: string, service: Service, pods: readonly Pod[]): number | undefined;
  forget(key: string): void;
}

interface Seen {
  readonly pods: ReadonlyMap<string, number>;
}

/** Creates an empty memory (upstream's TriggerTimeTracker); its size is that of the Services. */
export function createTriggerTimes(): TriggerTimes {
  const seen = new Map<string, Seen>();
  return {
    observe(key, service, pods) {
      const before = seen.get(key);
      const times = new Map(pods.map((pod) => [pod.metadata.name, changeTime(pod)] as const));
      seen.set(key, { pods: times });
      const fresh = [...times]
        .filter(([name, time]) => time > (before?.pods.get(name) ?? 0))
        .map(([, time]) => time);
      const created = before === undefined ? timeOf(service.metadata.creationTimestamp) : 0;
      if (created > 0) fresh.push(created);
      return fresh.length === 0 ? undefined : Math.min(...fresh);
    },
    forget: (key) => seen.delete(key),
  };
}

function changeTime(pod: Pod): number {
  return timeOf(findCondition(pod.status?.conditions, "Ready")?.lastTransitionTime);
}

function timeOf(text: string | undefined): number {
  return Date.parse(text ?? "") || 0;
}

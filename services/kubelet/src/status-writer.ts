import { isDeepStrictEqual } from "node:util";
import {
  type Condition,
  isConflict,
  isNotFound,
  Kinds,
  type Pod,
  type PodStatus,
} from "@kubehop/api";
import type { RestClient, WorkQueue } from "@kubehop/client";
import type { KubeletMetrics } from "./metrics.ts";

/** Tells the API server how the pods of this node are. */
export interface StatusWriter {
  /** The status a pod has now; it is written soon, if it differs from what the API server has. */
  set(pod: Pod, status: PodStatus): void;
  /** Writes a pod's status now if it has to be. Rejects as RestClient does. */
  write(podUid: string): Promise<void>;
  /** The pod is gone. */
  forget(podUid: string): void;
}

/** What a writer works with. */
export interface StatusWriterOptions {
  readonly rest: RestClient;
  /** Keys are pod uids; whoever works it off calls `write`. */
  readonly queue: WorkQueue;
  /** The pod as the API server has it, as far as this node has heard. */
  pod(uid: string): Pod | undefined;
  readonly metrics: KubeletMetrics;
}

interface Entry {
  status: PodStatus;
  /** What was written last, and the version the pod had then. */
  written?: { readonly status: PodStatus; readonly resourceVersion: string };
}

/** Fields of the status that a kubelet owns. */
const OWNED = [
  "observedGeneration",
  "phase",
  "reason",
  "message",
  "hostIP",
  "hostIPs",
  "podIP",
  "podIPs",
  "startTime",
  "initContainerStatuses",
  "containerStatuses",
  "ephemeralContainerStatuses",
  "qosClass",
] as const;

/** Creates a writer; it writes nothing by itself. */
export function createStatusWriter(options: StatusWriterOptions): StatusWriter {
  const { rest, queue, metrics } = options;
  const entries = new Map<string, Entry>();
  return {
    set(pod, status) {
      const uid = pod.metadata.uid ?? "";
      const entry = entries.get(uid);
      if (entry === undefined) entries.set(uid, { status });
      else entry.status = status;
      if (statusPatch(knownStatus(entries.get(uid), pod), status) !== undefined) queue.add(uid);
    },
    async write(uid) {
      const entry = entries.get(uid);
      const pod = options.pod(uid);
      if (entry === undefined || pod === undefined) return;
      const { status } = entry;
      const patch = statusPatch(knownStatus(entry, pod), status);
      if (patch === undefined) return;
      const { name, namespace = "" } = pod.metadata;
      const body = { metadata: { uid }, status: patch };
      try {
        const { metadata } = await rest.patch(
          Kinds.Pod,
          { namespace, name },
          { type: "strategic", body },
          { subresource: "status" },
        );
        entry.written = { status, resourceVersion: metadata.resourceVersion ?? "0" };
        metrics.statusWrites.inc({ result: "success" });
      } catch (error) {
        metrics.statusWrites.inc({ result: "error" });
        // The pod is gone, or another one has its name: the informer tells soon.
        if (!isNotFound(error) && !isConflict(error)) throw error;
      }
    },
    forget: (uid) => void entries.delete(uid),
  };
}

/**
 * A strategic merge patch from the status the API server has to the wanted one; undefined when
 * nothing differs. Other writers' conditions (readiness gates) are left alone.
 */
export function statusPatch(
  known: PodStatus,
  wanted: PodStatus,
): Record<string, unknown> | undefined {
  const patch: Record<string, unknown> = {};
  for (const field of OWNED) {
    if (isDeepStrictEqual(known[field], wanted[field])) continue;
    const value = wanted[field];
    // podIPs and hostIPs are merged by address, so that an old one would stay.
    const isMerged = (field === "podIPs" || field === "hostIPs") && Array.isArray(value);
    patch[field] = isMerged ? [{ $patch: "replace" }, ...value] : (value ?? null);
  }
  const conditions = changedConditions(known.conditions ?? [], wanted.conditions ?? []);
  if (conditions.length > 0) patch["conditions"] = conditions;
  return Object.keys(patch).length === 0 ? undefined : patch;
}

function changedConditions(known: readonly Condition[], wanted: readonly Condition[]): unknown[] {
  return wanted
    .filter((condition) => {
      const before = known.find(({ type }) => type === condition.type);
      return (
        before === undefined ||
        (["status", "reason", "message", "lastTransitionTime"] as const).some(
          (field) => before[field] !== condition[field],
        )
      );
    })
    .map((condition) => ({ reason: null, message: null, ...condition }));
}

/** What the API server has: what it was told last, until it tells something newer. */
function knownStatus(entry: Entry | undefined, pod: Pod): PodStatus {
  const { written } = entry ?? {};
  const heard = Number(pod.metadata.resourceVersion ?? 0);
  if (written === undefined || heard >= Number(written.resourceVersion)) return pod.status ?? {};
  return { ...pod.status, ...written.status };
}

import type { Pod } from "@kubehop/api";
import type { EventRecorder, Logger } from "@kubehop/client";
import type { BackoffOptions } from "./backoff.ts";
import type { PodSources } from "./environment.ts";
import type { MirrorPods } from "./mirror/mirror-pods.ts";
import type { KubeletMetrics } from "./metrics.ts";
import type { NodeFiles, PodDirectories } from "./pod-files.ts";
import type { Runtime } from "./runtime/runtime.ts";
import type { StatusWriter } from "./status-writer.ts";
import type { PodVolumes } from "./volumes/pod-volumes.ts";

/** What every pod of a node shares. */
export interface PodContext {
  readonly node: NodeFacts;
  readonly directories: PodDirectories;
  readonly runtime: Runtime;
  readonly mirrors: Pick<MirrorPods, "find">;
  readonly volumes: PodVolumes;
  readonly sources: PodSources;
  readonly status: StatusWriter;
  readonly rest: PodDeleter;
  readonly events: EventRecorder;
  readonly metrics: KubeletMetrics;
  readonly logger: Logger;
  readonly restartBackoff: BackoffOptions;
  /** unix ms. */
  now(): number;
  /** Has the pod looked at again at once, or after some ms. */
  kick(podUid: string): void;
  kickAfter(podUid: string, ms: number): void;
}

/** What the node contributes to its pods. */
export interface NodeFacts extends NodeFiles {
  readonly name: string;
  readonly ips: readonly string[];
  /** The node's allocatable resources. */
  readonly allocatable: Readonly<Record<string, string>>;
}

/** The one thing a kubelet deletes. */
export interface PodDeleter {
  /** Tells the API server that nothing of a deleted pod is left on the node. */
  confirmDeletion(pod: Pod): Promise<void>;
}

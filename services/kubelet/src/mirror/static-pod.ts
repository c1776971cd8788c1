import type { Pod } from "@kubehop/api";
import type { ContainerState, ExecOptions, ExecProcess, LogReader } from "../runtime/runtime.ts";

/**
 * A pod that runs on this node because somebody else started it: what upstream calls a static pod.
 * The API server has a mirror of it.
 */
export interface StaticPod {
  readonly namespace: string;
  readonly name: string;
  /** Where it comes from, for messages: `container "shop-api-1"`. */
  readonly origin: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly spec: Pod["spec"];
  /** Its addresses now; empty while it has none. */
  readonly ips: readonly string[];
  /** Its containers as they are now, by name. */
  readonly containers: ReadonlyMap<string, StaticContainer>;
  /** What its owner should know of it; an event of its mirror. */
  readonly notice?: StaticPodProblem;
}

/** A container of a static pod. */
export interface StaticContainer {
  /** As it is now. `id.attempt` is 0: how often it was started the mirror counts. */
  readonly state: Omit<ContainerState, "id">;
  /** Runs a command in it. Throws an Error when that is not possible. */
  exec(command: readonly string[], options?: ExecOptions): ExecProcess;
  /** Reads its log between two moments. Throws an Error when that is not possible. */
  log(range: { readonly from?: number; readonly until?: number }): LogReader;
}

/** Something wrong with what somebody else started or wrote. */
export interface StaticPodProblem {
  /** Reason of the event about the node. */
  readonly reason: string;
  readonly message: string;
}

/** Where static pods come from. */
export interface StaticPodSource extends AsyncDisposable {
  /** The pods that are there now, one a key (`namespace/name`). */
  list(): readonly StaticPod[];
  /** Calls back with the keys of pods that came, changed or went. */
  onChange(handler: (keys: readonly string[]) => void): Disposable;
  /** Calls back with each problem, once as long as it lasts; at once with those there are. */
  onProblem(handler: (problem: StaticPodProblem) => void): Disposable;
}

/** `namespace/name`. */
export function keyOf({ namespace, name }: Pick<StaticPod, "name" | "namespace">): string {
  return `${namespace}/${name}`;
}

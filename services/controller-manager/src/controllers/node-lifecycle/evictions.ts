import { type Node, NOT_READY_TAINT, type Pod, type Taint, UNREACHABLE_TAINT } from "@kubehop/api";
import { isActive } from "../../pods.ts";
import { accepts } from "../../taints.ts";

/** A pod that has to leave its node, and when. */
export interface Eviction {
  readonly pod: Pod;
  /** Unix ms. */
  readonly at: number;
}

/** What every pod tolerates that says nothing else (upstream: admission DefaultTolerationSeconds). */
const DEFAULT_TOLERATION_S = 300;
const DEFAULT_TOLERATED: ReadonlySet<string> = new Set([NOT_READY_TAINT, UNREACHABLE_TAINT]);

/** The pods that the node's NoExecute taints send away; those that tolerate them for ever stay. */
export function planEvictions(node: Node, pods: readonly Pod[], now: number): Eviction[] {
  const taints = (node.spec.taints ?? []).filter((taint) => taint.effect === "NoExecute");
  if (taints.length === 0) return [];
  return pods.filter(isActive).flatMap((pod) => {
    const times = taints.map((taint) => leavesAt(pod, taint, now));
    const at = Math.min(...times);
    return Number.isFinite(at) ? [{ pod, at }] : [];
  });
}

function leavesAt(pod: Pod, taint: Taint, now: number): number {
  const added = Date.parse(taint.timeAdded ?? "") || now;
  const matching = (pod.spec.tolerations ?? []).filter((toleration) => accepts(toleration, taint));
  if (matching.length === 0) {
    return DEFAULT_TOLERATED.has(taint.key) ? added + DEFAULT_TOLERATION_S * 1_000 : now;
  }
  const seconds = matching.map(
    ({ tolerationSeconds }) => tolerationSeconds ?? Number.POSITIVE_INFINITY,
  );
  return added + Math.max(0, Math.min(...seconds)) * 1_000;
}

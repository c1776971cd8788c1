import {
  type DaemonSet,
  type Node,
  NOT_READY_TAINT,
  type Pod,
  type Toleration,
  UNREACHABLE_TAINT,
  UNSCHEDULABLE_TAINT,
} from "@kubehop/api";
import { tolerates } from "../../taints.ts";
import { matchesNode } from "../scheduler/filter.ts";

/** What a DaemonSet has to do with a node. */
export interface NodeFit {
  /** A pod belongs there. */
  readonly shouldRun: boolean;
  /** A pod that is there may stay. */
  readonly mayStay: boolean;
}

/** Taints that daemons bear: they serve the node as long as it is there (upstream's list). */
const TOLERATIONS: readonly Toleration[] = [
  { key: NOT_READY_TAINT, operator: "Exists", effect: "NoExecute" },
  { key: UNREACHABLE_TAINT, operator: "Exists", effect: "NoExecute" },
  { key: "node.kubernetes.io/disk-pressure", operator: "Exists", effect: "NoSchedule" },
  { key: "node.kubernetes.io/memory-pressure", operator: "Exists", effect: "NoSchedule" },
  { key: "node.kubernetes.io/pid-pressure", operator: "Exists", effect: "NoSchedule" },
  { key: UNSCHEDULABLE_TAINT, operator: "Exists", effect: "NoSchedule" },
];
const NETWORK_UNAVAILABLE: Toleration = {
  key: "node.kubernetes.io/network-unavailable",
  operator: "Exists",
  effect: "NoSchedule",
};

/** The spec of a DaemonSet's pods, but for the node each is for. */
export function daemonPodSpec({ spec }: DaemonSet): Pod["spec"] {
  const { template } = spec;
  const own = template.spec.tolerations ?? [];
  const added = template.spec.hostNetwork === true ? [NETWORK_UNAVAILABLE] : [];
  return { ...template.spec, tolerations: [...own, ...TOLERATIONS, ...added] };
}

/** The same for the pod of one node: the scheduler binds it there and nowhere else. */
export function specForNode(spec: Pod["spec"], node: string): Pod["spec"] {
  const field = { key: "metadata.name", operator: "In", values: [node] };
  const affinity = (spec.affinity ?? {}) as { readonly nodeAffinity?: object };
  const terms = requiredTerms(spec);
  const nodeSelectorTerms =
    terms === undefined
      ? [{ matchFields: [field] }]
      : terms.map((term) => ({ ...term, matchFields: [field] }));
  const required = { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms } };
  return {
    ...spec,
    affinity: { ...affinity, nodeAffinity: { ...affinity.nodeAffinity, ...required } },
  };
}

/** The node a pod is on, or meant for. */
export function targetNodeOf({ spec }: Pod): string | undefined {
  if (spec.nodeName) return spec.nodeName;
  const fields = (requiredTerms(spec) ?? []).flatMap(({ matchFields = [] }) => matchFields);
  return fields.find(({ key }) => key === "metadata.name")?.values?.[0];
}

/**
 * Whether a pod of such a spec belongs on a node (upstream's NodeShouldRunDaemonPod): the selectors
 * must match; a taint that is not tolerated keeps new pods away, and NoExecute those that are there.
 */
export function fitOf(spec: Pod["spec"], node: Node): NodeFit {
  const pod = { spec } as Pod;
  const isNamed = !spec.nodeName || spec.nodeName === node.metadata.name;
  if (!isNamed || !matchesNode(pod, node)) return { shouldRun: false, mayStay: false };
  const taints = (node.spec.taints ?? []).filter((taint) => !tolerates(pod, taint));
  const has = (effect: string): boolean => taints.some((taint) => taint.effect === effect);
  return { shouldRun: !has("NoExecute") && !has("NoSchedule"), mayStay: !has("NoExecute") };
}

interface Term {
  readonly matchFields?: readonly { readonly key: string; readonly values?: readonly string[] }[];
}

function requiredTerms({ affinity }: Pod["spec"]): readonly Term[] | undefined {
  const { nodeAffinity } = (affinity ?? {}) as {
    readonly nodeAffinity?: {
      readonly requiredDuringSchedulingIgnoredDuringExecution?: {
        readonly nodeSelectorTerms?: readonly Term[];
      };
    };
  };
  return nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms;
}

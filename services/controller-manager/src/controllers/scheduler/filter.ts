import {
  type ContainerPort,
  labelSelectorMatches,
  type Node,
  NOT_READY_TAINT,
  type Pod,
  type Selector,
  selectorFromMap,
  UNREACHABLE_TAINT,
  UNSCHEDULABLE_TAINT,
} from "@kubehop/api";
import { findCondition } from "../../conditions.ts";
import { isTerminal } from "../../pods.ts";
import { tolerates } from "../../taints.ts";

/** A node and the pods that are on it. */
export interface NodeState {
  readonly node: Node;
  readonly pods: readonly Pod[];
}

/** Why a pod cannot go to a node, in kube-scheduler's words; undefined when it can. */
export function reasonAgainst(pod: Pod, { node, pods }: NodeState): string | undefined {
  if (node.spec.unschedulable === true && !tolerates(pod, UNSCHEDULABLE)) {
    return "node(s) were unschedulable";
  }
  const taint = (node.spec.taints ?? []).find(
    (one) => one.effect !== "PreferNoSchedule" && !tolerates(pod, one),
  );
  if (taint !== undefined)
    return `node(s) had untolerated taint {${taint.key}: ${taint.value ?? ""}}`;
  if (!isReady(node) && !toleratesNotReady(pod)) return "node(s) were not ready";
  if (!matchesNode(pod, node)) return "node(s) didn't match Pod's node affinity/selector";
  if (hasPortConflict(pod, pods))
    return "node(s) didn't have free ports for the requested pod ports";
  return undefined;
}

const UNSCHEDULABLE = { key: UNSCHEDULABLE_TAINT, effect: "NoSchedule" } as const;

function isReady(node: Node): boolean {
  return findCondition(node.status?.conditions, "Ready")?.status === "True";
}

/** A node that is not ready is tainted, but a moment later: do not fall into the gap. */
function toleratesNotReady(pod: Pod): boolean {
  return [NOT_READY_TAINT, UNREACHABLE_TAINT].every((key) =>
    tolerates(pod, { key, effect: "NoSchedule" }),
  );
}

interface NodeSelectorTerm {
  readonly matchExpressions?: readonly NodeRequirement[];
  readonly matchFields?: readonly NodeRequirement[];
}

interface NodeRequirement {
  readonly key: string;
  readonly operator: string;
  readonly values?: readonly string[];
}

interface NodeAffinity {
  readonly nodeAffinity?: {
    readonly requiredDuringSchedulingIgnoredDuringExecution?: {
      readonly nodeSelectorTerms?: readonly NodeSelectorTerm[];
    };
  };
}

/** Whether a node has what the pod's nodeSelector and required node affinity ask for. */
export function matchesNode({ spec }: Pod, node: Node): boolean {
  if (!labelSelectorMatches(selectorFromMap(spec.nodeSelector), node.metadata.labels)) return false;
  const affinity = spec.affinity as NodeAffinity | undefined;
  const required = affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  if (required === undefined) return true;
  return (required.nodeSelectorTerms ?? []).some((term) => matchesTerm(term, node));
}

/** Terms are alternatives, their requirements are not; an empty term matches nothing. */
function matchesTerm(
  { matchExpressions = [], matchFields = [] }: NodeSelectorTerm,
  node: Node,
): boolean {
  if (matchExpressions.length + matchFields.length === 0) return false;
  const fields = { "metadata.name": node.metadata.name };
  return (
    labelSelectorMatches(toSelector(matchExpressions), node.metadata.labels) &&
    labelSelectorMatches(toSelector(matchFields), fields)
  );
}

const OPERATORS: Readonly<Record<string, Selector[number]["operator"]>> = {
  In: "In",
  NotIn: "NotIn",
  Exists: "Exists",
  DoesNotExist: "DoesNotExist",
  Gt: "GreaterThan",
  Lt: "LessThan",
};

/** An operator that does not exist selects nothing. */
function toSelector(requirements: readonly NodeRequirement[]): Selector {
  return requirements.map(({ key, operator, values = [] }) => {
    const known = OPERATORS[operator];
    return known === undefined
      ? { key, operator: "In", values: [] }
      : { key, operator: known, values };
  });
}

function hasPortConflict(pod: Pod, others: readonly Pod[]): boolean {
  const wanted = hostPorts(pod);
  if (wanted.length === 0) return false;
  const taken = others.filter((other) => !isTerminal(other)).flatMap(hostPorts);
  return wanted.some((port) => taken.some((other) => conflicts(port, other)));
}

function hostPorts({ spec }: Pod): ContainerPort[] {
  const ports = spec.containers.flatMap((container) => container.ports ?? []);
  return ports.filter(({ hostPort }) => hostPort !== undefined && hostPort > 0);
}

function conflicts(a: ContainerPort, b: ContainerPort): boolean {
  const [ipA, ipB] = [a.hostIP || ANY, b.hostIP || ANY];
  const isSameIp = ipA === ipB || ipA === ANY || ipB === ANY;
  return isSameIp && a.hostPort === b.hostPort && (a.protocol ?? "TCP") === (b.protocol ?? "TCP");
}

const ANY = "0.0.0.0";

import { forbidden, type Kind, Kinds, type KubeObject, type Node, type Pod } from "@kubehop/api";
import { isDeepStrictEqual } from "node:util";
import type { ResourceRequest } from "../../http/request-info.ts";
import { podReferences } from "./pod-references.ts";

const MIRROR = "kubernetes.io/config.mirror";

/** Labels of kubernetes.io and k8s.io that a kubelet may set on its Node (source: well_known_labels.go). */
const KUBELET_LABELS = new Set([
  "kubernetes.io/hostname",
  "kubernetes.io/os",
  "kubernetes.io/arch",
  "beta.kubernetes.io/os",
  "beta.kubernetes.io/arch",
  "beta.kubernetes.io/instance-type",
  "node.kubernetes.io/instance-type",
  "topology.kubernetes.io/zone",
  "topology.kubernetes.io/region",
  "failure-domain.beta.kubernetes.io/zone",
  "failure-domain.beta.kubernetes.io/region",
]);
const KUBELET_LABEL_DOMAINS = ["kubelet.kubernetes.io", "node.kubernetes.io"];

/** Requests about a pod that only its own node may make, and how the refusal goes on. */
const OWN_PODS: Readonly<Record<string, string>> = {
  "delete ": "delete pods",
  "update status": "update pod status for pods",
  "patch status": "update pod status for pods",
  "create eviction": "evict pods",
};

/**
 * Checks a kubelet's request by what it is about (source: plugin/pkg/admission/noderestriction).
 * `findPod` gives the pod of the request, undefined when there is none. Throws 403.
 */
export async function checkNodeRequest(
  node: string,
  { group, plural, subresource = "", verb, name }: ResourceRequest,
  findPod: (name: string) => Promise<KubeObject | undefined>,
): Promise<void> {
  if (group !== "" || name === undefined) return;
  const quoted = JSON.stringify(node);
  if (plural === "nodes") {
    if (["get", "list", "watch"].includes(verb) || name === node) return;
    const why = `node ${quoted} is not allowed to modify node ${JSON.stringify(name)}`;
    throw forbidden(Kinds.Node, name, why);
  }
  const deed = plural === "pods" ? OWN_PODS[`${verb} ${subresource}`] : undefined;
  if (deed === undefined) return;
  const pod = (await findPod(name)) as Pod | undefined;
  if (pod === undefined || pod.spec.nodeName === node) return;
  const why = `node ${quoted} can only ${deed} with spec.nodeName set to itself`;
  throw forbidden(Kinds.Pod, name, why);
}

/** What a kubelet writes; `old` is absent for a create. */
export interface NodeWrite {
  readonly kind: Pick<Kind, "group" | "kind">;
  readonly object: KubeObject;
  readonly old?: KubeObject | undefined;
}

/** Checks what a kubelet writes. Throws 403. */
export function checkNodeWrite(node: string, { kind, object, old }: NodeWrite): void {
  const { name } = object.metadata;
  let why: string | undefined;
  if (kind.kind === "Pod" && old === undefined) why = podProblem(node, object as Pod);
  if (kind.kind === "Node") why = nodeProblem(node, object as Node, old as Node | undefined);
  if (kind.kind === "Lease" && name !== node) {
    why = "can only access node lease with the same name as the requesting node";
  }
  if (why !== undefined) throw forbidden(kind as Kind, name, why);
}

/** Checks a token that a kubelet asks for: it must be bound to a pod of its node. Throws 403. */
export function checkNodeToken(node: string, account: string, pod: Pod | undefined): void {
  const why =
    pod === undefined
      ? "node requested token not bound to a pod"
      : pod.spec.nodeName !== node
        ? "node requested token bound to a pod scheduled on a different node"
        : (pod.spec.serviceAccountName ?? "default") !== account
          ? "node requested token of a service account that the pod does not have"
          : undefined;
  if (why !== undefined) throw forbidden(Kinds.ServiceAccount, account, why);
}

function podProblem(node: string, pod: Pod): string | undefined {
  const quoted = JSON.stringify(node);
  const { annotations = {}, ownerReferences = [] } = pod.metadata;
  const { spec } = pod;
  if (annotations[MIRROR] === undefined) {
    return `pod does not have ${JSON.stringify(MIRROR)} annotation, node ${quoted} can only create mirror pods`;
  }
  if (spec.nodeName !== node) {
    return `node ${quoted} can only create pods with spec.nodeName set to itself`;
  }
  const [owner] = ownerReferences;
  const isOwn = owner?.kind === "Node" && owner.name === node && owner.controller === true;
  if (ownerReferences.length !== 1 || !isOwn) {
    return `node ${quoted} can only create pods with an owner reference set to itself`;
  }
  const { configmaps, secrets } = podReferences(pod);
  const referred = [
    ["a service account", (spec.serviceAccountName ?? "") !== ""],
    ["secrets", secrets.size > 0],
    ["configmaps", configmaps.size > 0],
  ] as const;
  const found = referred.find(([, isReferred]) => isReferred);
  return found && `node ${quoted} can not create pods that reference ${found[0]}`;
}

function nodeProblem(node: string, object: Node, old: Node | undefined): string | undefined {
  const quoted = JSON.stringify(node);
  const { name } = object.metadata;
  if (name !== node) return `node ${quoted} is not allowed to modify node ${JSON.stringify(name)}`;
  const labels = modifiedLabels(object, old).filter(isForbiddenLabel);
  if (labels.length > 0) {
    const deed = old === undefined ? "set the following labels" : "modify labels";
    return `is not allowed to ${deed}: ${labels.join(", ")}`;
  }
  if (old === undefined || isDeepStrictEqual(object.spec?.taints ?? [], old.spec?.taints ?? [])) {
    return undefined;
  }
  return `node ${quoted} is not allowed to modify taints`;
}

function modifiedLabels(object: Node, old: Node | undefined): string[] {
  const after = object.metadata.labels ?? {};
  const before = old?.metadata.labels ?? {};
  const names = new Set([...Object.keys(after), ...Object.keys(before)]);
  return [...names].filter((name) => after[name] !== before[name]).sort();
}

function isForbiddenLabel(label: string): boolean {
  const [domain = ""] = label.includes("/") ? label.split("/") : [];
  const isWithin = (parent: string): boolean => domain === parent || domain.endsWith(`.${parent}`);
  if (!isWithin("kubernetes.io") && !isWithin("k8s.io")) return false;
  return !KUBELET_LABELS.has(label) && !KUBELET_LABEL_DOMAINS.some(isWithin);
}

import { Kinds, type Pod, registryPrefix } from "@kubehop/api";
import { NODE_RULES } from "../../bootstrap/rbac/roles.ts";
import type { WatchCache } from "../../watch/cache.ts";
import { type Access, isResourceAccess, type ResourceAccess } from "../attributes.ts";
import { ruleAllows } from "../rbac/rules.ts";
import { podReferences } from "./pod-references.ts";

/** What a node's kubelet may do: true, or why not. */
export type NodeAuthorizer = (node: string, access: Access) => true | string;

/** Verbs on objects of which a kubelet may see those that its pods refer to, one at a time. */
const SEEING = new Set(["get", "list", "watch"]);

const LEASES = "kube-node-lease";

/**
 * Creates the Node authorizer (source: plugin/pkg/auth/authorizer/node): kubelets may do what the
 * role system:node says, but of ConfigMaps and Secrets they see only those that pods of their own
 * node refer to, and of Leases they touch only their own.
 */
export function createNodeAuthorizer(cache: Pick<WatchCache, "list">): NodeAuthorizer {
  return (node, access) => {
    const listed = NODE_RULES.some((rule) => ruleAllows(rule, access));
    if (!listed) return `unknown node request of node ${node}`;
    if (!isResourceAccess(access)) return true;
    const { group, plural } = access;
    if (group === "coordination.k8s.io" && plural === "leases") return leaseDecision(node, access);
    if (group !== "" || (plural !== "configmaps" && plural !== "secrets")) return true;
    return referenceDecision(cache, node, { ...access, plural });
  };
}

function leaseDecision(
  node: string,
  { verb, namespace, name }: ResourceAccess,
): ReturnType<NodeAuthorizer> {
  if (namespace !== LEASES) {
    return `can only access leases in the ${JSON.stringify(LEASES)} system namespace`;
  }
  // The name of one that is created is in its body, which the NodeRestriction checks.
  if (verb === "create" || name === node) return true;
  return "can only access node lease with the same name as the requesting node";
}

function referenceDecision(
  cache: Pick<WatchCache, "list">,
  node: string,
  access: ResourceAccess & { readonly plural: "configmaps" | "secrets" },
): ReturnType<NodeAuthorizer> {
  const { verb, namespace, name, plural } = access;
  if (!SEEING.has(verb)) return `can only read resources of this type`;
  if (name === undefined || namespace === undefined) {
    return "can only read namespaced object of this type";
  }
  const { entries } = cache.list(registryPrefix(Kinds.Pod, namespace).slice(0, -1));
  const isNeeded = entries.some(({ object }) => {
    const pod = object as unknown as Pod;
    return pod.spec.nodeName === node && podReferences(pod)[plural].has(name);
  });
  return isNeeded || `no relationship found between node '${node}' and this object`;
}

import type { ClusterRole, ClusterRoleBinding, PolicyRule, Subject } from "@kubehop/api";
import { AUTHENTICATED, MASTERS, UNAUTHENTICATED } from "../../auth/user.ts";
import { pathRule, READ, rule } from "./rule.ts";
import { ADMIN_RULES, AGGREGATE_TO, EDIT_RULES, VIEW_RULES } from "./user-roles.ts";

const RBAC_GROUP = "rbac.authorization.k8s.io";
const LABELS = { "kubernetes.io/bootstrapping": "rbac-defaults" };

/** Says `false` when somebody wants to keep a default role as he has changed it. */
export const AUTO_UPDATE = "rbac.authorization.kubernetes.io/autoupdate";

const HEALTH = ["/healthz", "/livez", "/readyz", "/version", "/version/"];
const DISCOVERY = ["/api", "/api/*", "/apis", "/apis/*", "/openapi", "/openapi/*", ...HEALTH];
const EVENTS: PolicyRule = rule("create,patch,update", "core,events.k8s.io", "events");
const REVIEWS: PolicyRule[] = [
  rule("create", "authentication.k8s.io", "tokenreviews"),
  rule("create", "authorization.k8s.io", "subjectaccessreviews"),
];

/**
 * What the kubelets need. Nobody is bound to the role: the Node authorizer gives it to each kubelet,
 * narrowed to the objects of its own pods.
 */
export const NODE_RULES: PolicyRule[] = [
  ...REVIEWS,
  rule("create", "authorization.k8s.io", "localsubjectaccessreviews"),
  rule(READ, "core", "services,configmaps,secrets,pods"),
  rule(`create,${READ}`, "core", "nodes"),
  rule("patch,update", "core", "nodes,nodes/status,pods/status"),
  rule("create,delete", "core", "pods"),
  rule("create", "core", "pods/eviction,serviceaccounts/token"),
  rule("get", "core", "endpoints,persistentvolumeclaims,persistentvolumes"),
  rule("create,delete,get,patch,update", "coordination.k8s.io", "leases"),
  EVENTS,
];

/**
 * What the controller manager needs: all its controllers act under its own name, the garbage
 * collector and the namespace controller among them, who meet objects of any kind. It creates few.
 */
const CONTROLLER_MANAGER_RULES: PolicyRule[] = [
  ...REVIEWS,
  EVENTS,
  rule(`delete,deletecollection,patch,update,${READ}`, "*", "*"),
  rule("create", "core", "configmaps,endpoints,pods,secrets,serviceaccounts"),
  rule("create", "core", "pods/binding,pods/eviction,serviceaccounts/token"),
  rule("create", "apps", "controllerrevisions,replicasets"),
  rule("create", "batch", "jobs"),
  rule("create", "coordination.k8s.io", "leases"),
  rule("create", "discovery.k8s.io", "endpointslices"),
  rule("escalate", RBAC_GROUP, "clusterroles"),
];

const SCHEDULER_RULES: PolicyRule[] = [
  ...REVIEWS,
  EVENTS,
  rule("create", "coordination.k8s.io", "leases"),
  rule("get,list,update,watch", "coordination.k8s.io", "leases"),
  rule(READ, "core", "namespaces,nodes,persistentvolumeclaims,persistentvolumes,services"),
  rule(READ, "core", "replicationcontrollers"),
  rule(READ, "apps", "replicasets,statefulsets"),
  rule(READ, "policy", "poddisruptionbudgets"),
  rule(`delete,${READ}`, "core", "pods"),
  rule("create", "core", "bindings,pods/binding"),
  rule("patch,update", "core", "pods/status"),
];

const OWN_REVIEWS = "selfsubjectaccessreviews,selfsubjectrulesreviews";

/** The ClusterRoles that exist in every cluster, and bindings that give some of them. */
export function defaultClusterRoles(): ClusterRole[] {
  return [
    clusterRole("cluster-admin", [rule("*", "*", "*"), { verbs: ["*"], nonResourceURLs: ["*"] }]),
    clusterRole("system:discovery", [pathRule(...DISCOVERY)]),
    clusterRole("system:public-info-viewer", [pathRule(...HEALTH)]),
    clusterRole("system:monitoring", [
      pathRule("/healthz", "/healthz/*", "/livez", "/livez/*", "/metrics", "/metrics/slis"),
      pathRule("/readyz", "/readyz/*"),
    ]),
    clusterRole("system:basic-user", [
      rule("create", "authorization.k8s.io", OWN_REVIEWS),
      rule("create", "authentication.k8s.io", "selfsubjectreviews"),
    ]),
    clusterRole("system:service-account-issuer-discovery", [
      pathRule("/.well-known/openid-configuration", "/.well-known/openid-configuration/"),
      pathRule("/openid/v1/jwks", "/openid/v1/jwks/"),
    ]),
    clusterRole("system:auth-delegator", REVIEWS),
    clusterRole("system:kubelet-api-admin", [
      rule(READ, "core", "nodes"),
      rule("proxy", "core", "nodes"),
      rule("*", "core", "nodes/log,nodes/metrics,nodes/proxy,nodes/stats"),
    ]),
    clusterRole("system:node", NODE_RULES),
    clusterRole("system:node-proxier", [
      rule("list,watch", "core", "services,endpoints"),
      rule(READ, "core", "nodes"),
      rule("list,watch", "discovery.k8s.io", "endpointslices"),
      rule("list,watch", "networking.k8s.io", "servicecidrs"),
      EVENTS,
    ]),
    clusterRole("system:kube-dns", [
      rule("list,watch", "core", "endpoints,services"),
      rule("list,watch", "discovery.k8s.io", "endpointslices"),
    ]),
    clusterRole("system:kube-controller-manager", CONTROLLER_MANAGER_RULES),
    clusterRole("system:kube-scheduler", SCHEDULER_RULES),
    aggregatedRole("admin", [AGGREGATE_TO.admin]),
    aggregatedRole("edit", [AGGREGATE_TO.edit], AGGREGATE_TO.admin),
    aggregatedRole("view", [AGGREGATE_TO.view], AGGREGATE_TO.edit),
    clusterRole("system:aggregate-to-admin", ADMIN_RULES, AGGREGATE_TO.admin),
    clusterRole("system:aggregate-to-edit", EDIT_RULES, AGGREGATE_TO.edit),
    clusterRole("system:aggregate-to-view", VIEW_RULES, AGGREGATE_TO.view),
  ];
}

/** The bindings that exist in every cluster. */
export function defaultClusterRoleBindings(): ClusterRoleBinding[] {
  return [
    binding("cluster-admin", [group(MASTERS)]),
    binding("system:discovery", [group(AUTHENTICATED)]),
    binding("system:basic-user", [group(AUTHENTICATED)]),
    binding("system:public-info-viewer", [group(AUTHENTICATED), group(UNAUTHENTICATED)]),
    binding("system:monitoring", [group("system:monitoring")]),
    binding("system:service-account-issuer-discovery", [group("system:serviceaccounts")]),
    binding("system:node", []),
    binding("system:node-proxier", [user("system:kube-proxy")]),
    binding("system:kube-controller-manager", [user("system:kube-controller-manager")]),
    binding("system:kube-scheduler", [user("system:kube-scheduler")]),
    binding("system:kube-dns", [
      { kind: "ServiceAccount", namespace: "kube-system", name: "kube-dns" },
    ]),
  ];
}

function clusterRole(
  name: string,
  rules: readonly PolicyRule[],
  aggregateTo?: string,
): ClusterRole {
  const labels = aggregateTo === undefined ? LABELS : { ...LABELS, [aggregateTo]: "true" };
  return {
    apiVersion: "rbac.authorization.k8s.io/v1",
    kind: "ClusterRole",
    metadata: { name, labels: { ...labels }, annotations: { [AUTO_UPDATE]: "true" } },
    rules: [...rules],
  };
}

/** A role whose rules a controller takes from others. */
function aggregatedRole(
  name: string,
  labels: readonly string[],
  aggregateTo?: string,
): ClusterRole {
  const { rules: _none, ...role } = clusterRole(name, [], aggregateTo);
  const clusterRoleSelectors = labels.map((label) => ({ matchLabels: { [label]: "true" } }));
  return { ...role, aggregationRule: { clusterRoleSelectors } };
}

function binding(name: string, subjects: Subject[]): ClusterRoleBinding {
  return {
    apiVersion: "rbac.authorization.k8s.io/v1",
    kind: "ClusterRoleBinding",
    metadata: { name, labels: { ...LABELS }, annotations: { [AUTO_UPDATE]: "true" } },
    subjects,
    roleRef: { apiGroup: RBAC_GROUP, kind: "ClusterRole", name },
  };
}

function group(name: string): Subject {
  return { kind: "Group", apiGroup: RBAC_GROUP, name };
}

function user(name: string): Subject {
  return { kind: "User", apiGroup: RBAC_GROUP, name };
}

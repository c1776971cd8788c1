import type { PolicyRule } from "@kubehop/api";
import { READ, READ_WRITE, rule, WRITE } from "./rule.ts";

/**
 * The roles for people are put together from those that carry such a label, so that others can add
 * to them (source: plugin/pkg/auth/authorizer/rbac/bootstrappolicy).
 */
export const AGGREGATE_TO = {
  admin: "rbac.authorization.k8s.io/aggregate-to-admin",
  edit: "rbac.authorization.k8s.io/aggregate-to-edit",
  view: "rbac.authorization.k8s.io/aggregate-to-view",
} as const;

const VIEWED: readonly (readonly [group: string, resources: string])[] = [
  [
    "core",
    "pods,replicationcontrollers,replicationcontrollers/scale,serviceaccounts,services,services/status," +
      "endpoints,persistentvolumeclaims,persistentvolumeclaims/status,configmaps",
  ],
  [
    "core",
    "limitranges,resourcequotas,bindings,events,pods/status,resourcequotas/status,namespaces/status," +
      "replicationcontrollers/status,pods/log",
  ],
  ["core", "namespaces"],
  ["discovery.k8s.io", "endpointslices"],
  [
    "apps",
    "controllerrevisions,statefulsets,statefulsets/status,statefulsets/scale,daemonsets," +
      "daemonsets/status,deployments,deployments/status,deployments/scale,replicasets," +
      "replicasets/status,replicasets/scale",
  ],
  ["autoscaling", "horizontalpodautoscalers,horizontalpodautoscalers/status"],
  ["batch", "jobs,cronjobs,cronjobs/status,jobs/status"],
  ["policy", "poddisruptionbudgets,poddisruptionbudgets/status"],
  ["networking.k8s.io", "networkpolicies,ingresses,ingresses/status"],
];

/** What `view` gives: to read all but secrets. */
export const VIEW_RULES: readonly PolicyRule[] = VIEWED.map(([group, resources]) =>
  rule(READ, group, resources),
);

/**
 * What `edit` gives beside `view`: to write all but roles and what limits them. As upstream it lacks
 * pods/ephemeralcontainers: policies that were written before there was such a thing don't see it.
 */
export const EDIT_RULES: readonly PolicyRule[] = [
  rule(READ, "core", "pods/attach,pods/proxy,pods/exec,pods/portforward,secrets,services/proxy"),
  rule("impersonate", "core", "serviceaccounts"),
  rule(WRITE, "core", "pods,pods/attach,pods/proxy,pods/exec,pods/portforward"),
  rule("create", "core", "pods/eviction"),
  rule(
    WRITE,
    "core",
    "replicationcontrollers,replicationcontrollers/scale,serviceaccounts,services,services/proxy," +
      "persistentvolumeclaims,configmaps,secrets,events",
  ),
  rule("create", "core", "serviceaccounts/token"),
  rule(
    WRITE,
    "apps",
    "statefulsets,statefulsets/scale,daemonsets,deployments,deployments/scale," +
      "deployments/rollback,replicasets,replicasets/scale",
  ),
  rule(WRITE, "autoscaling", "horizontalpodautoscalers"),
  rule(WRITE, "batch", "jobs,cronjobs"),
  rule(WRITE, "policy", "poddisruptionbudgets"),
  rule(WRITE, "networking.k8s.io", "networkpolicies,ingresses"),
  rule(READ_WRITE, "coordination.k8s.io", "leases"),
];

/** What `admin` gives beside `edit`: to give rights away inside a namespace. */
export const ADMIN_RULES: readonly PolicyRule[] = [
  rule("create", "authorization.k8s.io", "localsubjectaccessreviews"),
  rule(READ_WRITE, "rbac.authorization.k8s.io", "roles,rolebindings"),
];

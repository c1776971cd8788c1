import { LabelSelectorSchema, type LabelSelector } from "../meta/condition.ts";
import { typeAndMeta, type ObjectMeta } from "../meta/object-meta.ts";
import { list, object, text, type ListOptions, type SchemaOf } from "../schema.ts";

/** What may be done inside one namespace. */
export type Role = {
  apiVersion: string;
  kind: string;
  metadata: ObjectMeta;
  rules?: PolicyRule[];
};

/** What may be done in the cluster, or in whichever namespace a RoleBinding names it. */
export type ClusterRole = {
  apiVersion: string;
  kind: string;
  metadata: ObjectMeta;
  rules?: PolicyRule[];
  aggregationRule?: AggregationRule;
};

/** Gives a role to subjects inside one namespace. */
export type RoleBinding = {
  apiVersion: string;
  kind: string;
  metadata: ObjectMeta;
  subjects?: Subject[];
  roleRef: RoleRef;
};

/** Gives a ClusterRole to subjects in the whole cluster. */
export type ClusterRoleBinding = {
  apiVersion: string;
  kind: string;
  metadata: ObjectMeta;
  subjects?: Subject[];
  roleRef: RoleRef;
};

/** Verbs on resources, or on paths that are no resources. `*` stands for all. */
export interface PolicyRule {
  verbs: string[];
  apiGroups?: string[];
  resources?: string[];
  resourceNames?: string[];
  nonResourceURLs?: string[];
}

/** Where a ClusterRole takes its rules from. */
export interface AggregationRule {
  clusterRoleSelectors?: LabelSelector[];
}

/** A user, a group or a ServiceAccount. */
export interface Subject {
  kind: string;
  apiGroup?: string;
  name: string;
  namespace?: string;
}

/** The role a binding gives. */
export interface RoleRef {
  apiGroup: string;
  kind: string;
  name: string;
}

const atomic: ListOptions = { listType: "atomic" };

const RulesSchema: SchemaOf<PolicyRule[]> = list(
  object<PolicyRule>(
    "PolicyRule",
    "Verbs on resources, or on paths that are no resources.",
    {
      verbs: list(text(""), "What may be done; * for all.", atomic),
      apiGroups: list(text(""), "API groups; empty for the core group, * for all.", atomic),
      resources: list(text(""), "Resources, also resource/subresource; * for all.", atomic),
      resourceNames: list(text(""), "Names of objects; none means all.", atomic),
      nonResourceURLs: list(text(""), "Paths; a * may end one.", atomic),
    },
    ["verbs"],
  ),
  "What may be done.",
  atomic,
);

const SubjectsSchema: SchemaOf<Subject[]> = list(
  object<Subject>(
    "Subject",
    "A user, a group or a ServiceAccount.",
    {
      kind: text("User, Group or ServiceAccount."),
      apiGroup: text("rbac.authorization.k8s.io for users and groups, else empty."),
      name: text("Its name."),
      namespace: text("Namespace of a ServiceAccount."),
    },
    ["kind", "name"],
  ),
  "Who gets the role.",
  atomic,
);

const RoleRefSchema: SchemaOf<RoleRef> = object<RoleRef>(
  "RoleRef",
  "The role; it can't change.",
  {
    apiGroup: text("rbac.authorization.k8s.io."),
    kind: text("Role or ClusterRole."),
    name: text("Its name."),
  },
  ["apiGroup", "kind", "name"],
);

/** Schema of Role. */
export const RoleSchema: SchemaOf<Role> = object<Role>(
  "Role",
  "What may be done inside one namespace.",
  { ...typeAndMeta, rules: RulesSchema },
);

/** Schema of ClusterRole. */
export const ClusterRoleSchema: SchemaOf<ClusterRole> = object<ClusterRole>(
  "ClusterRole",
  "What may be done in the cluster, or in whichever namespace a RoleBinding names it.",
  {
    ...typeAndMeta,
    rules: RulesSchema,
    aggregationRule: object<AggregationRule>(
      "AggregationRule",
      "Where its rules are taken from; rules of its own are then overwritten.",
      {
        clusterRoleSelectors: list(
          LabelSelectorSchema,
          "Select the ClusterRoles whose rules it gets.",
          atomic,
        ),
      },
    ),
  },
);

/** Schema of RoleBinding. */
export const RoleBindingSchema: SchemaOf<RoleBinding> = object<RoleBinding>(
  "RoleBinding",
  "Gives a role to subjects inside one namespace.",
  { ...typeAndMeta, subjects: SubjectsSchema, roleRef: RoleRefSchema },
  ["roleRef"],
);

/** Schema of ClusterRoleBinding. */
export const ClusterRoleBindingSchema: SchemaOf<ClusterRoleBinding> = object<ClusterRoleBinding>(
  "ClusterRoleBinding",
  "Gives a ClusterRole to subjects in the whole cluster.",
  { ...typeAndMeta, subjects: SubjectsSchema, roleRef: RoleRefSchema },
  ["roleRef"],
);

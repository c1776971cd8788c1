import {
  invalidValue,
  isDNS1123Subdomain,
  Kinds,
  required,
  type AggregationRule,
  type ClusterRole,
  type ClusterRoleBinding,
  type PolicyRule,
  type Role,
  type RoleBinding,
  type RoleRef,
  type StatusCause,
  type Subject,
} from "@kubehop/api";
import { immutable, oneOf, requiredText } from "./common-rules.ts";
import { labelSelectorCauses } from "./label-selector.ts";
import { isPathSegmentName } from "./path-segment.ts";
import { createStrategy, type Strategy } from "./strategy.ts";

/** The group of roles, users and groups. */
const RBAC_GROUP = "rbac.authorization.k8s.io";
/** Names such as `system:node` are good. */
const validateName = isPathSegmentName;

/** Role (pkg/apis/rbac/validation). */
export const roleStrategy: Strategy<Role> = createStrategy(Kinds.Role, {
  validateName,
  validate: ({ rules = [] }) => rulesCauses(rules, true),
});

/** ClusterRole. */
export const clusterRoleStrategy: Strategy<ClusterRole> = createStrategy(Kinds.ClusterRole, {
  validateName,
  validate: ({ rules = [], aggregationRule }) => [
    ...rulesCauses(rules, false),
    ...aggregationCauses("aggregationRule.clusterRoleSelectors", aggregationRule),
  ],
});

/** RoleBinding: the role it gives never changes. */
export const roleBindingStrategy: Strategy<RoleBinding> = createStrategy(Kinds.RoleBinding, {
  validateName,
  defaults: setBindingDefaults,
  validate: (binding) => bindingCauses(binding, ["ClusterRole", "Role"]),
  validateUpdate: (next, old) =>
    immutable("roleRef", next.roleRef, old.roleRef, "cannot change roleRef"),
});

/** ClusterRoleBinding: the role it gives never changes. */
export const clusterRoleBindingStrategy: Strategy<ClusterRoleBinding> = createStrategy(
  Kinds.ClusterRoleBinding,
  {
    validateName,
    defaults: setBindingDefaults,
    validate: (binding) => bindingCauses(binding, ["ClusterRole"]),
    validateUpdate: (next, old) =>
      immutable("roleRef", next.roleRef, old.roleRef, "cannot change roleRef"),
  },
);

function setBindingDefaults(binding: Pick<RoleBinding, "roleRef" | "subjects">): void {
  binding.roleRef ??= {} as RoleRef;
  binding.roleRef.apiGroup ||= RBAC_GROUP;
  for (const subject of binding.subjects ?? []) {
    if (subject.kind === "User" || subject.kind === "Group") subject.apiGroup ||= RBAC_GROUP;
  }
}

function rulesCauses(rules: readonly Partial<PolicyRule>[], isNamespaced: boolean): StatusCause[] {
  return rules.flatMap((rule, index) => ruleCauses(`rules[${index}]`, rule, isNamespaced));
}

function ruleCauses(
  field: string,
  rule: Partial<PolicyRule>,
  isNamespaced: boolean,
): StatusCause[] {
  const { verbs = [], apiGroups = [], resources = [], resourceNames = [] } = rule;
  const { nonResourceURLs = [] } = rule;
  const causes: StatusCause[] = [];
  if (verbs.length === 0) {
    causes.push(required(`${field}.verbs`, "verbs must contain at least one value"));
  }
  if (nonResourceURLs.length > 0) {
    const at = `${field}.nonResourceURLs`;
    if (isNamespaced) {
      const why = "namespaced rules cannot apply to non-resource URLs";
      causes.push(invalidValue(at, nonResourceURLs, why));
    }
    if (apiGroups.length + resources.length + resourceNames.length > 0) {
      const why = "rules cannot apply to both regular resources and non-resource URLs";
      causes.push(invalidValue(at, nonResourceURLs, why));
    }
    return causes;
  }
  if (apiGroups.length === 0) {
    const why = "resource rules must supply at least one api group";
    causes.push(required(`${field}.apiGroups`, why));
  }
  if (resources.length === 0) {
    const why = "resource rules must supply at least one resource";
    causes.push(required(`${field}.resources`, why));
  }
  return causes;
}

function aggregationCauses(field: string, rule: AggregationRule | undefined): StatusCause[] {
  if (rule === undefined) return [];
  const { clusterRoleSelectors: selectors = [] } = rule;
  if (selectors.length === 0) {
    const why = "at least one clusterRoleSelector required if aggregationRule is non-nil";
    return [required(field, why)];
  }
  return selectors.flatMap((selector, index) =>
    labelSelectorCauses(`${field}[${index}]`, selector),
  );
}

function bindingCauses(
  { roleRef, subjects = [] }: Pick<RoleBinding, "roleRef" | "subjects">,
  kinds: readonly string[],
): StatusCause[] {
  return [
    ...oneOf("roleRef.apiGroup", roleRef.apiGroup, [RBAC_GROUP]),
    ...oneOf("roleRef.kind", roleRef.kind ?? "", kinds),
    ...requiredText("roleRef.name", roleRef.name, isPathSegmentName),
    ...subjects.flatMap((subject, index) =>
      subjectCauses(`subjects[${index}]`, subject, kinds.includes("Role")),
    ),
  ];
}

function subjectCauses(
  field: string,
  { kind = "", apiGroup = "", name = "", namespace = "" }: Partial<Subject>,
  isNamespaced: boolean,
): StatusCause[] {
  const causes = requiredText(`${field}.name`, name);
  switch (kind) {
    case "ServiceAccount":
      if (name !== "") {
        causes.push(
          ...isDNS1123Subdomain(name).map((why) => invalidValue(`${field}.name`, name, why)),
        );
      }
      causes.push(...oneOf(`${field}.apiGroup`, apiGroup, [""]));
      if (!isNamespaced && namespace === "") causes.push(required(`${field}.namespace`));
      return causes;
    case "User":
    case "Group":
      return [...causes, ...oneOf(`${field}.apiGroup`, apiGroup, [RBAC_GROUP])];
    default:
      return [...causes, ...oneOf(`${field}.kind`, kind, ["Group", "ServiceAccount", "User"])];
  }
}

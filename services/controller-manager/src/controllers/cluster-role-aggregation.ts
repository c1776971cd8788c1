import {
  type ClusterRole,
  Kinds,
  labelSelectorMatches,
  namespacedName,
  type PolicyRule,
  selectorFromLabelSelector,
} from "@kubehop/api";
import { isDeleting } from "../owners.ts";
import { canonicalJson } from "../template-hash.ts";
import type { Controller } from "./controller.ts";

/** Puts the rules of aggregated ClusterRoles together from the roles their selectors find. */
export const clusterRoleAggregationController: Controller = {
  name: "clusterrole_aggregation",
  workers: 1,
  build({ caches, writer }, queue) {
    const roles = caches.ClusterRole.store;
    caches.ClusterRole.onChange(() => {
      for (const role of roles.list()) {
        if (role.aggregationRule !== undefined) queue.add(namespacedName(role));
      }
    });

    return async (key) => {
      const role = roles.get(key);
      if (role?.aggregationRule === undefined || isDeleting(role)) return;
      const rules = aggregatedRules(role, roles.list());
      if (canonicalJson(rules) === canonicalJson(role.rules ?? [])) return;
      await writer.update(Kinds.ClusterRole, { ...role, rules });
    };
  },
};

/** The rules of all roles that one of the selectors finds, by the roles' names, each rule once. */
export function aggregatedRules(
  { metadata, aggregationRule }: ClusterRole,
  roles: readonly ClusterRole[],
): PolicyRule[] {
  const selectors = (aggregationRule?.clusterRoleSelectors ?? []).map(selectorFromLabelSelector);
  const found = roles
    .filter((role) => role.metadata.name !== metadata.name)
    .filter((role) =>
      selectors.some((selector) => labelSelectorMatches(selector, role.metadata.labels)),
    )
    .toSorted((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));
  const rules = new Map<string, PolicyRule>();
  for (const rule of found.flatMap((role) => role.rules ?? []))
    rules.set(canonicalJson(rule), rule);
  return [...rules.values()];
}

import type { PolicyRule } from "@kubehop/api";

/** Verbs that change nothing. */
export const READ = "get,list,watch";
/** Verbs that change objects. */
export const WRITE = "create,delete,deletecollection,patch,update";
/** Both. */
export const READ_WRITE: string = `${READ},${WRITE}`;

/** A rule from lists separated by commas: verbs, API groups (`core` for the core group), resources. */
export function rule(verbs: string, groups: string, resources: string): PolicyRule {
  return {
    verbs: verbs.split(","),
    apiGroups: groups.split(",").map((group) => (group === "core" ? "" : group)),
    resources: resources.split(","),
  };
}

/** A rule for paths that are no resources. */
export function pathRule(...nonResourceURLs: string[]): PolicyRule {
  return { verbs: ["get"], nonResourceURLs };
}

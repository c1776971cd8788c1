import type {
  ClusterRoleBinding,
  ControllerRevision,
  PodDisruptionBudget,
  RoleBinding,
  Subject,
} from "@kubehop/api";
import { ageOf } from "./age.ts";
import { AGE, column, integer, NAME, type Printer, wide } from "./printer.ts";

/** Columns of `kubectl get poddisruptionbudgets`. */
export const podDisruptionBudgetPrinter: Printer<PodDisruptionBudget> = {
  columns: [
    NAME,
    column("Min Available", "Pods that must stay healthy."),
    column("Max Unavailable", "Pods that may be missing."),
    integer("Allowed Disruptions", "Evictions that are allowed now."),
    AGE,
  ],
  row: ({ metadata, spec, status }, now) => ({
    cells: [
      metadata.name,
      String(spec?.minAvailable ?? "N/A"),
      String(spec?.maxUnavailable ?? "N/A"),
      status?.disruptionsAllowed ?? 0,
      ageOf(metadata.creationTimestamp, now),
    ],
  }),
};

/** Columns of `kubectl get rolebindings` and of `kubectl get clusterrolebindings`. */
export const bindingPrinter: Printer<RoleBinding | ClusterRoleBinding> = {
  columns: [
    NAME,
    column("Role", "The role it gives."),
    AGE,
    wide("Users", "Users who get it."),
    wide("Groups", "Groups that get it."),
    wide("ServiceAccounts", "ServiceAccounts that get it."),
  ],
  row: ({ metadata, roleRef, subjects = [] }, now) => ({
    cells: [
      metadata.name,
      `${roleRef?.kind ?? ""}/${roleRef?.name ?? ""}`,
      ageOf(metadata.creationTimestamp, now),
      namesOf(subjects, "User"),
      namesOf(subjects, "Group"),
      namesOf(subjects, "ServiceAccount"),
    ],
  }),
};

/** Columns of `kubectl get controllerrevisions`. */
export const controllerRevisionPrinter: Printer<ControllerRevision> = {
  columns: [
    NAME,
    column("Controller", "The object whose state it remembers."),
    column("Revision", "Number of the state."),
    AGE,
  ],
  row({ metadata, revision }, now) {
    const owner = metadata.ownerReferences?.find(({ controller }) => controller === true);
    const [group = ""] = owner?.apiVersion.includes("/") ? owner.apiVersion.split("/") : [];
    const type = [owner?.kind.toLowerCase(), group].filter(Boolean).join(".");
    return {
      cells: [
        metadata.name,
        owner === undefined ? "<none>" : `${type}/${owner.name}`,
        String(revision),
        ageOf(metadata.creationTimestamp, now),
      ],
    };
  },
};

function namesOf(subjects: readonly Subject[], kind: string): string {
  const names = subjects
    .filter((subject) => subject.kind === kind)
    .map(({ name, namespace }) =>
      kind === "ServiceAccount" ? `${namespace ?? ""}/${name}` : name,
    );
  return names.join(", ");
}

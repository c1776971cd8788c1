import type {
  ConfigMap,
  IPAddress,
  Lease,
  Namespace,
  Secret,
  ServiceAccount,
  ServiceCIDR,
} from "@kubehop/api";
import { ageOf } from "./age.ts";
import { AGE, column, integer, NAME, orNone, type Printer } from "./printer.ts";

/** Columns of `kubectl get namespaces`. */
export const namespacePrinter: Printer<Namespace> = {
  columns: [NAME, column("Status", "Active, or Terminating while its content is removed."), AGE],
  row: ({ metadata, status }, now) => ({
    cells: [metadata.name, status?.phase ?? "", ageOf(metadata.creationTimestamp, now)],
  }),
};

/** Columns of `kubectl get configmaps`. */
export const configMapPrinter: Printer<ConfigMap> = {
  columns: [NAME, integer("Data", "How many keys it holds."), AGE],
  row: ({ metadata, data, binaryData }, now) => ({
    cells: [metadata.name, size(data) + size(binaryData), ageOf(metadata.creationTimestamp, now)],
  }),
};

/** Columns of `kubectl get secrets`. */
export const secretPrinter: Printer<Secret> = {
  columns: [
    NAME,
    column("Type", "What the secret is for."),
    integer("Data", "How many keys it holds."),
    AGE,
  ],
  row: ({ metadata, type, data }, now) => ({
    cells: [metadata.name, type ?? "Opaque", size(data), ageOf(metadata.creationTimestamp, now)],
  }),
};

/** Columns of `kubectl get serviceaccounts`. */
export const serviceAccountPrinter: Printer<ServiceAccount> = {
  columns: [NAME, integer("Secrets", "How many secrets it names."), AGE],
  row: ({ metadata, secrets }, now) => ({
    cells: [metadata.name, secrets?.length ?? 0, ageOf(metadata.creationTimestamp, now)],
  }),
};

/** Columns of `kubectl get leases`. */
export const leasePrinter: Printer<Lease> = {
  columns: [NAME, column("Holder", "Who holds the lease."), AGE],
  row: ({ metadata, spec }, now) => ({
    cells: [metadata.name, spec?.holderIdentity ?? "", ageOf(metadata.creationTimestamp, now)],
  }),
};

/** Columns of `kubectl get ipaddresses`. */
export const ipAddressPrinter: Printer<IPAddress> = {
  columns: [NAME, column("ParentRef", "The object the address belongs to."), AGE],
  row({ metadata, spec }, now) {
    const { group, resource, namespace, name } = spec?.parentRef ?? {};
    const path = [resource, group, namespace, name].filter((part) => (part ?? "") !== "");
    return {
      cells: [metadata.name, orNone(path.join("/")), ageOf(metadata.creationTimestamp, now)],
    };
  },
};

/** Columns of `kubectl get servicecidrs`. */
export const serviceCidrPrinter: Printer<ServiceCIDR> = {
  columns: [NAME, column("CIDRs", "Ranges that cluster IPs are taken from."), AGE],
  row: ({ metadata, spec }, now) => ({
    cells: [
      metadata.name,
      orNone((spec?.cidrs ?? []).join(",")),
      ageOf(metadata.creationTimestamp, now),
    ],
  }),
};

function size(map: Readonly<Record<string, unknown>> | undefined): number {
  return map === undefined ? 0 : Object.keys(map).length;
}

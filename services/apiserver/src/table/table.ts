import type { Kind, KubeObject } from "@kubehop/api";
import { customPrinter } from "../custom-resources/printer.ts";
import {
  configMapPrinter,
  ipAddressPrinter,
  leasePrinter,
  namespacePrinter,
  secretPrinter,
  serviceAccountPrinter,
  serviceCidrPrinter,
} from "./configuration.ts";
import { cronJobPrinter, jobPrinter } from "./batch.ts";
import { horizontalPodAutoscalerPrinter } from "./autoscaling.ts";
import { endpointSlicePrinter, endpointsPrinter } from "./endpoints.ts";
import { eventPrinter } from "./event.ts";
import { nodePrinter } from "./node.ts";
import { ingressClassPrinter, ingressPrinter, networkPolicyPrinter } from "./networking.ts";
import { podPrinter } from "./pod.ts";
import { bindingPrinter, controllerRevisionPrinter, podDisruptionBudgetPrinter } from "./policy.ts";
import { type ColumnDefinition, column, NAME, type Printer } from "./printer.ts";
import { servicePrinter } from "./service.ts";
import {
  daemonSetPrinter,
  deploymentPrinter,
  replicaSetPrinter,
  replicationControllerPrinter,
  statefulSetPrinter,
} from "./workloads.ts";

/** What of the object each row carries (`?includeObject=`). */
export type IncludeObject = "None" | "Metadata" | "Object";

/** A meta.k8s.io Table: what `kubectl get` prints. */
export interface Table {
  readonly kind: "Table";
  readonly apiVersion: string;
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly columnDefinitions: readonly ColumnDefinition[] | null;
  readonly rows: readonly unknown[];
}

/** What a table is made of. */
export interface TableOptions {
  /** `v1` or `v1beta1` of meta.k8s.io. */
  readonly version: string;
  readonly includeObject: IncludeObject;
  /** Unix time in ms that ages are counted to. */
  readonly now: number;
  readonly metadata: Readonly<Record<string, unknown>>;
  /** A watch sends the columns with its first event only. */
  readonly columns?: boolean;
}

/** Kind → printer; `resource/group` as in registry keys. A kind not listed shows its time alone. */
const PRINTERS: Readonly<Record<string, Printer<never>>> = {
  configmaps: configMapPrinter,
  endpoints: endpointsPrinter,
  events: eventPrinter,
  namespaces: namespacePrinter,
  nodes: nodePrinter,
  pods: podPrinter,
  secrets: secretPrinter,
  serviceaccounts: serviceAccountPrinter,
  services: servicePrinter,
  "deployments.apps": deploymentPrinter,
  "replicasets.apps": replicaSetPrinter,
  "statefulsets.apps": statefulSetPrinter,
  "endpointslices.discovery.k8s.io": endpointSlicePrinter,
  "leases.coordination.k8s.io": leasePrinter,
  "ipaddresses.networking.k8s.io": ipAddressPrinter,
  "servicecidrs.networking.k8s.io": serviceCidrPrinter,
  replicationcontrollers: replicationControllerPrinter,
  "daemonsets.apps": daemonSetPrinter,
  "controllerrevisions.apps": controllerRevisionPrinter,
  "jobs.batch": jobPrinter,
  "cronjobs.batch": cronJobPrinter,
  "horizontalpodautoscalers.autoscaling": horizontalPodAutoscalerPrinter,
  "poddisruptionbudgets.policy": podDisruptionBudgetPrinter,
  "ingresses.networking.k8s.io": ingressPrinter,
  "ingressclasses.networking.k8s.io": ingressClassPrinter,
  "networkpolicies.networking.k8s.io": networkPolicyPrinter,
  "rolebindings.rbac.authorization.k8s.io": bindingPrinter,
  "clusterrolebindings.rbac.authorization.k8s.io": bindingPrinter,
};

const CREATED_AT: ColumnDefinition = {
  ...column("Created At", "When the object was created."),
  format: "date-time",
};

const defaultPrinter: Printer = {
  columns: [NAME, CREATED_AT],
  row: ({ metadata }) => ({ cells: [metadata.name, metadata.creationTimestamp ?? ""] }),
};

/** The Table of some objects of a kind, which come in the version that is stored. */
export function buildTable(
  kind: Kind,
  objects: readonly KubeObject[],
  options: TableOptions,
): Table {
  const printer = printerOf(kind);
  return {
    kind: "Table",
    apiVersion: `meta.k8s.io/${options.version}`,
    metadata: options.metadata,
    columnDefinitions: options.columns === false ? null : printer.columns,
    rows: objects.map((object) => ({
      ...printer.row(object, options.now),
      ...rowObject(kind, object, options),
    })),
  };
}

/** The object reduced to its metadata (kind PartialObjectMetadata). */
export function partialObjectMetadata(object: KubeObject, version: string): KubeObject {
  return {
    kind: "PartialObjectMetadata",
    apiVersion: `meta.k8s.io/${version}`,
    metadata: object.metadata,
  };
}

function rowObject(
  { conversion }: Kind,
  object: KubeObject,
  options: TableOptions,
): { object?: KubeObject } {
  switch (options.includeObject) {
    case "None":
      return {};
    case "Object":
      return { object: conversion?.fromStored(object) ?? object };
    case "Metadata":
      return { object: partialObjectMetadata(object, options.version) };
    default:
      return options.includeObject satisfies never;
  }
}

function printerOf({ conversion, ...own }: Kind): Printer {
  const kind = conversion?.stored ?? own;
  const name = kind.group === "" ? kind.plural : `${kind.plural}.${kind.group}`;
  return customPrinter(kind) ?? PRINTERS[name] ?? defaultPrinter;
}

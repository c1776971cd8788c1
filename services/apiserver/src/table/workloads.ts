import {
  type DaemonSet,
  type Deployment,
  formatLabelSelector,
  type LabelSelector,
  type PodTemplateSpec,
  type ReplicaSet,
  type ReplicationController,
  selectorFromLabelSelector,
  type StatefulSet,
} from "@kubehop/api";
import { ageOf } from "./age.ts";
import {
  AGE,
  column,
  type ColumnDefinition,
  formatLabels,
  integer,
  NAME,
  orNone,
  type Printer,
  wide,
} from "./printer.ts";

/** Wide columns of whatever has a template of pods. */
export const CONTAINERS: ColumnDefinition = wide(
  "Containers",
  "Names of the template's containers.",
);
/** See CONTAINERS. */
export const IMAGES: ColumnDefinition = wide("Images", "Images of the template's containers.");
/** See CONTAINERS. */
export const SELECTOR: ColumnDefinition = wide("Selector", "Which pods belong to it.");

/** Columns of `kubectl get deployments`. */
export const deploymentPrinter: Printer<Deployment> = {
  columns: [
    NAME,
    column("Ready", "Ready pods of the wanted pods."),
    column("Up-to-date", "Pods of the newest template."),
    column("Available", "Pods that have been ready long enough."),
    AGE,
    CONTAINERS,
    IMAGES,
    SELECTOR,
  ],
  row: ({ metadata, spec, status }, now) => ({
    cells: [
      metadata.name,
      `${status?.readyReplicas ?? 0}/${spec?.replicas ?? 1}`,
      status?.updatedReplicas ?? 0,
      status?.availableReplicas ?? 0,
      ageOf(metadata.creationTimestamp, now),
      ...templateCells(spec?.template),
      orNone(selectorText(spec?.selector)),
    ],
  }),
};

/** Columns of `kubectl get replicasets`. */
export const replicaSetPrinter: Printer<ReplicaSet> = {
  columns: [
    NAME,
    integer("Desired", "Wanted pods."),
    integer("Current", "Existing pods."),
    integer("Ready", "Ready pods."),
    AGE,
    CONTAINERS,
    IMAGES,
    SELECTOR,
  ],
  row: ({ metadata, spec, status }, now) => ({
    cells: [
      metadata.name,
      spec?.replicas ?? 1,
      status?.replicas ?? 0,
      status?.readyReplicas ?? 0,
      ageOf(metadata.creationTimestamp, now),
      ...templateCells(spec?.template),
      orNone(selectorText(spec?.selector)),
    ],
  }),
};

/** Columns of `kubectl get statefulsets`. */
export const statefulSetPrinter: Printer<StatefulSet> = {
  columns: [NAME, column("Ready", "Ready pods of the wanted pods."), AGE, CONTAINERS, IMAGES],
  row: ({ metadata, spec, status }, now) => ({
    cells: [
      metadata.name,
      `${status?.readyReplicas ?? 0}/${spec?.replicas ?? 1}`,
      ageOf(metadata.creationTimestamp, now),
      ...templateCells(spec?.template),
    ],
  }),
};

const DAEMON_COUNTS = [
  "desiredNumberScheduled",
  "currentNumberScheduled",
  "numberReady",
  "updatedNumberScheduled",
  "numberAvailable",
] as const;

/** Columns of `kubectl get daemonsets`. */
export const daemonSetPrinter: Printer<DaemonSet> = {
  columns: [
    NAME,
    integer("Desired", "Nodes that should have a pod."),
    integer("Current", "Nodes that have one of those."),
    integer("Ready", "Nodes with a ready pod."),
    integer("Up-to-date", "Nodes with a pod of the newest template."),
    integer("Available", "Nodes with a pod that has been ready long enough."),
    column("Node Selector", "Labels of the nodes."),
    AGE,
    CONTAINERS,
    IMAGES,
    SELECTOR,
  ],
  row: ({ metadata, spec, status }, now) => ({
    cells: [
      metadata.name,
      ...DAEMON_COUNTS.map((name) => status?.[name] ?? 0),
      formatLabels(spec?.template?.spec?.nodeSelector),
      ageOf(metadata.creationTimestamp, now),
      ...templateCells(spec?.template),
      orNone(selectorText(spec?.selector)),
    ],
  }),
};

/** Columns of `kubectl get replicationcontrollers`. */
export const replicationControllerPrinter: Printer<ReplicationController> = {
  columns: replicaSetPrinter.columns,
  row: ({ metadata, spec, status }, now) => ({
    cells: [
      metadata.name,
      spec?.replicas ?? 1,
      status?.replicas ?? 0,
      status?.readyReplicas ?? 0,
      ageOf(metadata.creationTimestamp, now),
      ...templateCells(spec?.template),
      formatLabels(spec?.selector),
    ],
  }),
};

/** A LabelSelector in one line; empty for one that selects all or nothing. */
export function selectorText(selector: LabelSelector | undefined): string {
  return selector === undefined ? "" : formatLabelSelector(selectorFromLabelSelector(selector));
}

/** The cells of CONTAINERS and IMAGES. */
export function templateCells(template: PodTemplateSpec | undefined): [string, string] {
  const containers = template?.spec?.containers ?? [];
  return [
    containers.map(({ name }) => name).join(","),
    containers.map(({ image }) => image ?? "").join(","),
  ];
}

import {
  type Deployment,
  formatLabelSelector,
  type LabelSelector,
  type PodTemplateSpec,
  type ReplicaSet,
  selectorFromLabelSelector,
  type StatefulSet,
} from "@kubehop/api";
import { ageOf } from "./age.ts";
import {
  AGE,
  column,
  type ColumnDefinition,
  integer,
  NAME,
  orNone,
  type Printer,
  wide,
} from "./printer.ts";

const CONTAINERS: ColumnDefinition = wide("Containers", "Names of the template's containers.");
const IMAGES: ColumnDefinition = wide("Images", "Images of the template's containers.");
const SELECTOR: ColumnDefinition = wide("Selector", "Which pods belong to it.");

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

function selectorText(selector: LabelSelector | undefined): string {
  return formatLabelSelector(selectorFromLabelSelector(selector));
}

function templateCells(template: PodTemplateSpec | undefined): [string, string] {
  const containers = template?.spec?.containers ?? [];
  return [
    containers.map(({ name }) => name).join(","),
    containers.map(({ image }) => image ?? "").join(","),
  ];
}

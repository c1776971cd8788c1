import {
  ConditionsSchema,
  LabelSelectorSchema,
  type Condition,
  type LabelSelector,
} from "../meta/condition.ts";
import { typeAndMeta, type ObjectMeta } from "../meta/object-meta.ts";
import { int32, int64, intOrString, object, text, type SchemaOf } from "../schema.ts";
import { PodTemplateSpecSchema, type PodTemplateSpec } from "./pod-spec.ts";

/** A pod on every node that fits. */
export type DaemonSet = {
  apiVersion: string;
  kind: string;
  metadata: ObjectMeta;
  spec: DaemonSetSpec;
  status?: DaemonSetStatus;
};

/** Desired state of a DaemonSet. */
export interface DaemonSetSpec {
  selector: LabelSelector;
  template: PodTemplateSpec;
  updateStrategy?: DaemonSetUpdateStrategy;
  minReadySeconds?: number;
  revisionHistoryLimit?: number;
}

/** How old pods are replaced. */
export interface DaemonSetUpdateStrategy {
  type?: "RollingUpdate" | "OnDelete";
  rollingUpdate?: RollingUpdateDaemonSet;
}

/** Numbers or percentages of the nodes. */
export interface RollingUpdateDaemonSet {
  maxUnavailable?: number | string;
  maxSurge?: number | string;
}

/** State of a DaemonSet. */
export interface DaemonSetStatus {
  currentNumberScheduled: number;
  numberMisscheduled: number;
  desiredNumberScheduled: number;
  numberReady: number;
  observedGeneration?: number;
  updatedNumberScheduled?: number;
  numberAvailable?: number;
  numberUnavailable?: number;
  collisionCount?: number;
  conditions?: Condition[];
}

const DaemonSetSpecSchema: SchemaOf<DaemonSetSpec> = object<DaemonSetSpec>(
  "DaemonSetSpec",
  "Desired state of the DaemonSet.",
  {
    selector: LabelSelectorSchema,
    template: PodTemplateSpecSchema,
    updateStrategy: object<DaemonSetUpdateStrategy>(
      "DaemonSetUpdateStrategy",
      "How old pods are replaced.",
      {
        type: text("RollingUpdate or OnDelete; default RollingUpdate."),
        rollingUpdate: object<RollingUpdateDaemonSet>(
          "RollingUpdateDaemonSet",
          "Limits of a rolling update.",
          {
            maxUnavailable: intOrString("Nodes that may be without a ready pod; default 1."),
            maxSurge: intOrString("Nodes that may have a second pod; default 0."),
          },
        ),
      },
    ),
    minReadySeconds: int32("Seconds a pod must be ready to count as available."),
    revisionHistoryLimit: int32("How many old templates stay; default 10."),
  },
  ["selector", "template"],
);

/** Schema of DaemonSet. */
export const DaemonSetSchema: SchemaOf<DaemonSet> = object<DaemonSet>(
  "DaemonSet",
  "A pod on every node that fits.",
  {
    ...typeAndMeta,
    spec: DaemonSetSpecSchema,
    status: object<DaemonSetStatus>(
      "DaemonSetStatus",
      "State of the DaemonSet.",
      {
        currentNumberScheduled: int32("Nodes that should have a pod and have one."),
        numberMisscheduled: int32("Nodes that have a pod but should not."),
        desiredNumberScheduled: int32("Nodes that should have a pod."),
        numberReady: int32("Nodes with a ready pod."),
        observedGeneration: int64("The generation the status was computed from."),
        updatedNumberScheduled: int32("Nodes with a pod of the current template."),
        numberAvailable: int32("Nodes with a pod that has been ready long enough."),
        numberUnavailable: int32("Nodes that still miss an available pod."),
        collisionCount: int32("Collisions of template hashes."),
        conditions: ConditionsSchema,
      },
      ["currentNumberScheduled", "numberMisscheduled", "desiredNumberScheduled", "numberReady"],
    ),
  },
);

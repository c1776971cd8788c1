import {
  ConditionsSchema,
  LabelSelectorSchema,
  type Condition,
  type LabelSelector,
} from "../meta/condition.ts";
import { typeAndMeta, type ObjectMeta } from "../meta/object-meta.ts";
import { int32, int64, object, type SchemaOf } from "../schema.ts";
import { PodTemplateSpecSchema, type PodTemplateSpec } from "./pod-spec.ts";

/** A number of equal pods. */
export type ReplicaSet = {
  apiVersion: string;
  kind: string;
  metadata: ObjectMeta;
  spec: ReplicaSetSpec;
  status?: ReplicaSetStatus;
};

/** Desired state of a ReplicaSet. */
export interface ReplicaSetSpec {
  replicas?: number;
  minReadySeconds?: number;
  selector: LabelSelector;
  template: PodTemplateSpec;
}

/** State of a ReplicaSet. */
export interface ReplicaSetStatus {
  replicas: number;
  fullyLabeledReplicas?: number;
  readyReplicas?: number;
  availableReplicas?: number;
  terminatingReplicas?: number;
  observedGeneration?: number;
  conditions?: Condition[];
}

/** Schema of ReplicaSet. */
export const ReplicaSetSchema: SchemaOf<ReplicaSet> = object<ReplicaSet>(
  "ReplicaSet",
  "A number of equal pods.",
  {
    ...typeAndMeta,
    spec: object<ReplicaSetSpec>(
      "ReplicaSetSpec",
      "Desired state of the ReplicaSet.",
      {
        replicas: int32("How many pods; default 1."),
        minReadySeconds: int32("Seconds a pod must be ready to count as available."),
        selector: LabelSelectorSchema,
        template: PodTemplateSpecSchema,
      },
      ["selector"],
    ),
    status: object<ReplicaSetStatus>(
      "ReplicaSetStatus",
      "State of the ReplicaSet.",
      {
        replicas: int32("Pods there are."),
        fullyLabeledReplicas: int32("Pods with all labels of the template."),
        readyReplicas: int32("Pods that are ready."),
        availableReplicas: int32("Pods that have been ready long enough."),
        terminatingReplicas: int32("Pods that are going away."),
        observedGeneration: int64("The generation the status was computed from."),
        conditions: ConditionsSchema,
      },
      ["replicas"],
    ),
  },
);

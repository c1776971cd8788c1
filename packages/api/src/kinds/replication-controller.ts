import { ConditionsSchema } from "../meta/condition.ts";
import { typeAndMeta, type ObjectMeta } from "../meta/object-meta.ts";
import { atomicMap, int32, int64, object, text, type SchemaOf } from "../schema.ts";
import { PodTemplateSpecSchema, type PodTemplateSpec } from "./pod-spec.ts";
import type { ReplicaSetStatus } from "./replica-set.ts";

/** A number of equal pods: what came before ReplicaSets. */
export type ReplicationController = {
  apiVersion: string;
  kind: string;
  metadata: ObjectMeta;
  spec: ReplicationControllerSpec;
  status?: ReplicaSetStatus;
};

/** Desired state of a ReplicationController. */
export interface ReplicationControllerSpec {
  replicas?: number;
  minReadySeconds?: number;
  /** Labels of its pods; default: those of the template. */
  selector?: Record<string, string>;
  template: PodTemplateSpec;
}

/** Schema of ReplicationController. */
export const ReplicationControllerSchema: SchemaOf<ReplicationController> =
  object<ReplicationController>(
    "ReplicationController",
    "A number of equal pods: what came before ReplicaSets.",
    {
      ...typeAndMeta,
      spec: object<ReplicationControllerSpec>(
        "ReplicationControllerSpec",
        "Desired state of the ReplicationController.",
        {
          replicas: int32("How many pods; default 1."),
          minReadySeconds: int32("Seconds a pod must be ready to count as available."),
          selector: atomicMap(text(""), "Labels of its pods; default: those of the template."),
          template: PodTemplateSpecSchema,
        },
      ),
      status: object<ReplicaSetStatus>(
        "ReplicationControllerStatus",
        "State of the ReplicationController.",
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

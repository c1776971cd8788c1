import {
  ConditionsSchema,
  LabelSelectorSchema,
  type Condition,
  type LabelSelector,
} from "../meta/condition.ts";
import { typeAndMeta, type ObjectMeta } from "../meta/object-meta.ts";
import {
  freeForm,
  int32,
  int64,
  intOrString,
  list,
  object,
  text,
  type FreeForm,
  type SchemaOf,
} from "../schema.ts";
import { PodTemplateSpecSchema, type PodTemplateSpec } from "./pod-spec.ts";

/** Pods with names of their own: name-0, name-1 … */
export type StatefulSet = {
  apiVersion: string;
  kind: string;
  metadata: ObjectMeta;
  spec: StatefulSetSpec;
  status?: StatefulSetStatus;
};

/** Desired state of a StatefulSet. */
export interface StatefulSetSpec {
  replicas?: number;
  selector: LabelSelector;
  template: PodTemplateSpec;
  volumeClaimTemplates?: FreeForm[];
  serviceName?: string;
  podManagementPolicy?: "OrderedReady" | "Parallel";
  updateStrategy?: StatefulSetUpdateStrategy;
  revisionHistoryLimit?: number;
  minReadySeconds?: number;
  persistentVolumeClaimRetentionPolicy?: FreeForm;
  ordinals?: StatefulSetOrdinals;
}

/** How pods are replaced. */
export interface StatefulSetUpdateStrategy {
  type?: "RollingUpdate" | "OnDelete";
  rollingUpdate?: RollingUpdateStatefulSet;
}

/** Limits of a rolling update. */
export interface RollingUpdateStatefulSet {
  partition?: number;
  maxUnavailable?: number | string;
}

/** Number of the first pod. */
export interface StatefulSetOrdinals {
  start?: number;
}

/** State of a StatefulSet. */
export interface StatefulSetStatus {
  observedGeneration?: number;
  replicas: number;
  readyReplicas?: number;
  currentReplicas?: number;
  updatedReplicas?: number;
  currentRevision?: string;
  updateRevision?: string;
  collisionCount?: number;
  conditions?: Condition[];
  availableReplicas?: number;
}

const UpdateStrategySchema: SchemaOf<StatefulSetUpdateStrategy> = object<StatefulSetUpdateStrategy>(
  "StatefulSetUpdateStrategy",
  "How pods are replaced.",
  {
    type: text("RollingUpdate or OnDelete; default RollingUpdate."),
    rollingUpdate: object<RollingUpdateStatefulSet>(
      "RollingUpdateStatefulSetStrategy",
      "Limits of a rolling update.",
      {
        partition: int32("Only ordinals from here on are replaced; default 0."),
        maxUnavailable: intOrString("Pods that may be missing."),
      },
    ),
  },
);

const StatefulSetSpecSchema: SchemaOf<StatefulSetSpec> = object<StatefulSetSpec>(
  "StatefulSetSpec",
  "Desired state of the StatefulSet.",
  {
    replicas: int32("How many pods; default 1."),
    selector: LabelSelectorSchema,
    template: PodTemplateSpecSchema,
    volumeClaimTemplates: list(freeForm(""), "Claims of each pod; stored only.", {
      listType: "atomic",
    }),
    serviceName: text("Headless Service that gives the pods their DNS names."),
    podManagementPolicy: text("OrderedReady or Parallel; default OrderedReady."),
    updateStrategy: UpdateStrategySchema,
    revisionHistoryLimit: int32("How many revisions stay; default 10."),
    minReadySeconds: int32("Seconds a pod must be ready to count as available."),
    persistentVolumeClaimRetentionPolicy: freeForm("What happens to claims."),
    ordinals: object<StatefulSetOrdinals>("StatefulSetOrdinals", "Numbers of the pods.", {
      start: int32("Number of the first pod; default 0."),
    }),
  },
  ["selector", "template"],
);

/** Schema of StatefulSet. */
export const StatefulSetSchema: SchemaOf<StatefulSet> = object<StatefulSet>(
  "StatefulSet",
  "Pods with names of their own that outlive them.",
  {
    ...typeAndMeta,
    spec: StatefulSetSpecSchema,
    status: object<StatefulSetStatus>(
      "StatefulSetStatus",
      "State of the StatefulSet.",
      {
        observedGeneration: int64("The generation the status was computed from."),
        replicas: int32("Pods there are."),
        readyReplicas: int32("Pods that are ready."),
        currentReplicas: int32("Pods of the current revision."),
        updatedReplicas: int32("Pods of the update revision."),
        currentRevision: text("Revision of the older pods."),
        updateRevision: text("Revision of the newer pods."),
        collisionCount: int32("Collisions of revision hashes."),
        conditions: ConditionsSchema,
        availableReplicas: int32("Pods that have been ready long enough."),
      },
      ["replicas"],
    ),
  },
);

import { ConditionsSchema, type Condition } from "../meta/condition.ts";
import { typeAndMeta, type ObjectMeta } from "../meta/object-meta.ts";
import {
  int32,
  int64,
  list,
  object,
  quantity,
  text,
  time,
  type ListOptions,
  type SchemaOf,
} from "../schema.ts";
import {
  CrossVersionObjectReferenceSchema,
  MetricSpecSchema,
  MetricStatusSchema,
  type CrossVersionObjectReference,
  type MetricSpec,
  type MetricStatus,
} from "./metric.ts";

/** How many pods a workload is to have, by what is measured (autoscaling/v2). */
export type HorizontalPodAutoscaler = {
  apiVersion: string;
  kind: string;
  metadata: ObjectMeta;
  spec: HorizontalPodAutoscalerSpec;
  status?: HorizontalPodAutoscalerStatus;
};

/** Desired state of a HorizontalPodAutoscaler. */
export interface HorizontalPodAutoscalerSpec {
  scaleTargetRef: CrossVersionObjectReference;
  minReplicas?: number;
  maxReplicas: number;
  metrics?: MetricSpec[];
  behavior?: HorizontalPodAutoscalerBehavior;
}

/** How fast it scales. */
export interface HorizontalPodAutoscalerBehavior {
  scaleUp?: HPAScalingRules;
  scaleDown?: HPAScalingRules;
}

/** How fast it scales in one direction. */
export interface HPAScalingRules {
  stabilizationWindowSeconds?: number;
  selectPolicy?: string;
  policies?: HPAScalingPolicy[];
  tolerance?: string;
}

/** A limit of one step. */
export interface HPAScalingPolicy {
  type: string;
  value: number;
  periodSeconds: number;
}

/** State of a HorizontalPodAutoscaler. */
export interface HorizontalPodAutoscalerStatus {
  observedGeneration?: number;
  lastScaleTime?: string;
  currentReplicas?: number;
  desiredReplicas: number;
  currentMetrics?: MetricStatus[];
  conditions?: Condition[];
}

/** The same object in autoscaling/v1, which knows the use of CPU alone. */
export type HorizontalPodAutoscalerV1 = {
  apiVersion: string;
  kind: string;
  metadata: ObjectMeta;
  spec: HorizontalPodAutoscalerV1Spec;
  status?: HorizontalPodAutoscalerV1Status;
};

/** Desired state in autoscaling/v1. */
export interface HorizontalPodAutoscalerV1Spec {
  scaleTargetRef: CrossVersionObjectReference;
  minReplicas?: number;
  maxReplicas: number;
  targetCPUUtilizationPercentage?: number;
}

/** State in autoscaling/v1. */
export interface HorizontalPodAutoscalerV1Status {
  observedGeneration?: number;
  lastScaleTime?: string;
  currentReplicas: number;
  desiredReplicas: number;
  currentCPUUtilizationPercentage?: number;
}

const atomic: ListOptions = { listType: "atomic" };

const HPAScalingRulesSchema: SchemaOf<HPAScalingRules> = object<HPAScalingRules>(
  "HPAScalingRules",
  "How fast it scales in one direction.",
  {
    stabilizationWindowSeconds: int32("Seconds of past recommendations that are looked at."),
    selectPolicy: text("Max, Min or Disabled."),
    policies: list(
      object<HPAScalingPolicy>(
        "HPAScalingPolicy",
        "A limit of one step.",
        {
          type: text("Pods or Percent."),
          value: int32("How many."),
          periodSeconds: int32("Seconds the limit is for."),
        },
        ["type", "value", "periodSeconds"],
      ),
      "Limits of one step.",
      atomic,
    ),
    tolerance: quantity("Deviation that does not matter."),
  },
);

const counts = {
  observedGeneration: int64("The generation the status was computed from."),
  lastScaleTime: time("When the number of pods last changed."),
  currentReplicas: int32("Pods there are."),
  desiredReplicas: int32("Pods there should be."),
} as const;

const limits = {
  scaleTargetRef: CrossVersionObjectReferenceSchema,
  minReplicas: int32("Least number of pods; default 1."),
  maxReplicas: int32("Largest number of pods."),
} as const;

const DESCRIPTION = "How many pods a workload is to have, by what is measured.";

/** Schema of HorizontalPodAutoscaler in autoscaling/v2. */
export const HorizontalPodAutoscalerSchema: SchemaOf<HorizontalPodAutoscaler> =
  object<HorizontalPodAutoscaler>("HorizontalPodAutoscaler", DESCRIPTION, {
    ...typeAndMeta,
    spec: object<HorizontalPodAutoscalerSpec>(
      "HorizontalPodAutoscalerSpec",
      "Desired state of the HorizontalPodAutoscaler.",
      {
        ...limits,
        metrics: list(MetricSpecSchema, "What is measured, and the values to aim at.", atomic),
        behavior: object<HorizontalPodAutoscalerBehavior>(
          "HorizontalPodAutoscalerBehavior",
          "How fast it scales.",
          { scaleUp: HPAScalingRulesSchema, scaleDown: HPAScalingRulesSchema },
        ),
      },
      ["scaleTargetRef", "maxReplicas"],
    ),
    status: object<HorizontalPodAutoscalerStatus>(
      "HorizontalPodAutoscalerStatus",
      "State of the HorizontalPodAutoscaler.",
      {
        ...counts,
        currentMetrics: list(MetricStatusSchema, "What was seen.", atomic),
        conditions: ConditionsSchema,
      },
      ["desiredReplicas"],
    ),
  });

/** Schema of HorizontalPodAutoscaler in autoscaling/v1. */
export const HorizontalPodAutoscalerV1Schema: SchemaOf<HorizontalPodAutoscalerV1> =
  object<HorizontalPodAutoscalerV1>("HorizontalPodAutoscaler", DESCRIPTION, {
    ...typeAndMeta,
    spec: object<HorizontalPodAutoscalerV1Spec>(
      "HorizontalPodAutoscalerSpec",
      "Desired state of the HorizontalPodAutoscaler.",
      {
        ...limits,
        targetCPUUtilizationPercentage: int32("Percent of the requested CPU to aim at."),
      },
      ["scaleTargetRef", "maxReplicas"],
    ),
    status: object<HorizontalPodAutoscalerV1Status>(
      "HorizontalPodAutoscalerStatus",
      "State of the HorizontalPodAutoscaler.",
      {
        ...counts,
        currentCPUUtilizationPercentage: int32("Percent of the requested CPU that is used."),
      },
      ["currentReplicas", "desiredReplicas"],
    ),
  });

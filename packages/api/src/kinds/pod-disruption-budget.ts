import {
  ConditionsSchema,
  LabelSelectorSchema,
  type Condition,
  type LabelSelector,
} from "../meta/condition.ts";
import { typeAndMeta, type ObjectMeta } from "../meta/object-meta.ts";
import { int32, int64, intOrString, map, object, text, time, type SchemaOf } from "../schema.ts";

/** How many of some pods may be evicted at a time. */
export type PodDisruptionBudget = {
  apiVersion: string;
  kind: string;
  metadata: ObjectMeta;
  spec?: PodDisruptionBudgetSpec;
  status?: PodDisruptionBudgetStatus;
};

/** Desired state of a PodDisruptionBudget. */
export interface PodDisruptionBudgetSpec {
  minAvailable?: number | string;
  selector?: LabelSelector;
  maxUnavailable?: number | string;
  unhealthyPodEvictionPolicy?: string;
}

/** State of a PodDisruptionBudget. */
export interface PodDisruptionBudgetStatus {
  observedGeneration?: number;
  /** Pods whose eviction was granted but not seen yet, and when. */
  disruptedPods?: Record<string, string>;
  disruptionsAllowed: number;
  currentHealthy: number;
  desiredHealthy: number;
  expectedPods: number;
  conditions?: Condition[];
}

/** Schema of PodDisruptionBudget. */
export const PodDisruptionBudgetSchema: SchemaOf<PodDisruptionBudget> = object<PodDisruptionBudget>(
  "PodDisruptionBudget",
  "How many of some pods may be evicted at a time.",
  {
    ...typeAndMeta,
    spec: object<PodDisruptionBudgetSpec>(
      "PodDisruptionBudgetSpec",
      "Desired state of the PodDisruptionBudget.",
      {
        minAvailable: intOrString("Pods that must stay healthy: a number or a percentage."),
        selector: LabelSelectorSchema,
        maxUnavailable: intOrString("Pods that may be missing: a number or a percentage."),
        unhealthyPodEvictionPolicy: text(
          "When unhealthy pods may go: IfHealthyBudget or AlwaysAllow.",
        ),
      },
    ),
    status: object<PodDisruptionBudgetStatus>(
      "PodDisruptionBudgetStatus",
      "State of the PodDisruptionBudget.",
      {
        observedGeneration: int64("The generation the status was computed from."),
        disruptedPods: map(time(""), "Pods whose eviction was granted but not seen yet."),
        disruptionsAllowed: int32("Evictions that are allowed now."),
        currentHealthy: int32("Pods that are healthy."),
        desiredHealthy: int32("Pods that must stay healthy."),
        expectedPods: int32("Pods that are counted."),
        conditions: ConditionsSchema,
      },
      ["disruptionsAllowed", "currentHealthy", "desiredHealthy", "expectedPods"],
    ),
  },
);

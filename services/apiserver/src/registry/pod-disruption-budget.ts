import { invalidValue, Kinds, type PodDisruptionBudget, type StatusCause } from "@kubehop/api";
import { nonNegative, oneOf } from "./common-rules.ts";
import { intOrPercentCauses } from "./deployment.ts";
import { labelSelectorCauses } from "./label-selector.ts";
import { createStrategy, type Strategy } from "./strategy.ts";

const EVICTION_POLICIES = ["AlwaysAllow", "IfHealthyBudget"];
const COUNTS = ["disruptionsAllowed", "currentHealthy", "desiredHealthy", "expectedPods"] as const;

/** PodDisruptionBudget (pkg/apis/policy/validation). */
export const podDisruptionBudgetStrategy: Strategy<PodDisruptionBudget> = createStrategy(
  Kinds.PodDisruptionBudget,
  {
    defaults: (budget) => {
      budget.spec ??= {};
    },
    prepareForCreate: (budget) => {
      budget.status = {
        disruptionsAllowed: 0,
        currentHealthy: 0,
        desiredHealthy: 0,
        expectedPods: 0,
      };
    },
    validate: ({ spec = {} }) => [
      ...bothCauses(spec),
      ...intOrPercentCauses("spec.minAvailable", spec.minAvailable, 100),
      ...intOrPercentCauses("spec.maxUnavailable", spec.maxUnavailable, 100),
      ...labelSelectorCauses("spec.selector", spec.selector ?? {}),
      ...oneOf(
        "spec.unhealthyPodEvictionPolicy",
        spec.unhealthyPodEvictionPolicy,
        EVICTION_POLICIES,
      ),
    ],
    validateStatus: ({ status }) =>
      COUNTS.flatMap((name) => nonNegative(`status.${name}`, status?.[name])),
  },
);

function bothCauses(spec: NonNullable<PodDisruptionBudget["spec"]>): StatusCause[] {
  if (spec.minAvailable === undefined || spec.maxUnavailable === undefined) return [];
  return [invalidValue("spec", spec, "minAvailable and maxUnavailable cannot be both set")];
}

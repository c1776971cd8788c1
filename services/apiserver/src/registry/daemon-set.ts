import {
  forbiddenField,
  invalidValue,
  Kinds,
  required,
  type DaemonSet,
  type DaemonSetUpdateStrategy,
  type StatusCause,
} from "@kubehop/api";
import { immutable, nonNegative, requiredOneOf } from "./common-rules.ts";
import { intOrPercentCauses } from "./deployment.ts";
import { createStrategy, type Strategy } from "./strategy.ts";
import { setTemplateDefaults, workloadCauses } from "./workload-rules.ts";

/** DaemonSet (pkg/apis/apps/validation). */
export const daemonSetStrategy: Strategy<DaemonSet> = createStrategy(Kinds.DaemonSet, {
  defaults: (daemonSet) => {
    daemonSet.spec ??= {} as DaemonSet["spec"];
    const { spec } = daemonSet;
    setTemplateDefaults(spec);
    spec.updateStrategy = { type: "RollingUpdate", ...spec.updateStrategy };
    if (spec.updateStrategy.type === "RollingUpdate") {
      const limits = { maxUnavailable: 1, maxSurge: 0 };
      spec.updateStrategy.rollingUpdate = { ...limits, ...spec.updateStrategy.rollingUpdate };
    }
    spec.revisionHistoryLimit ??= 10;
  },
  prepareForCreate: (daemonSet) => {
    daemonSet.status = {
      currentNumberScheduled: 0,
      numberMisscheduled: 0,
      desiredNumberScheduled: 0,
      numberReady: 0,
    };
  },
  validate: ({ spec }) => [
    ...workloadCauses(spec, "daemonset"),
    ...(spec.template.spec.activeDeadlineSeconds === undefined
      ? []
      : [
          forbiddenField(
            "spec.template.spec.activeDeadlineSeconds",
            "activeDeadlineSeconds in DaemonSet is not Supported",
          ),
        ]),
    ...updateStrategyCauses(spec.updateStrategy ?? {}),
    ...nonNegative("spec.revisionHistoryLimit", spec.revisionHistoryLimit),
  ],
  validateUpdate: (next, old) => immutable("spec.selector", next.spec.selector, old.spec.selector),
});

function updateStrategyCauses({ type, rollingUpdate }: DaemonSetUpdateStrategy): StatusCause[] {
  const field = "spec.updateStrategy";
  const causes = requiredOneOf(`${field}.type`, type, ["OnDelete", "RollingUpdate"]);
  if (type !== "RollingUpdate") return causes;
  const { maxUnavailable = 0, maxSurge = 0 } = rollingUpdate ?? {};
  const at = `${field}.rollingUpdate`;
  causes.push(
    ...intOrPercentCauses(`${at}.maxUnavailable`, maxUnavailable, 100),
    ...intOrPercentCauses(`${at}.maxSurge`, maxSurge, 100),
  );
  if (!isZero(maxUnavailable) && !isZero(maxSurge)) {
    const why = "may not be set when maxUnavailable is non-zero";
    causes.push(invalidValue(`${at}.maxSurge`, maxSurge, why));
  }
  if (isZero(maxUnavailable) && isZero(maxSurge)) {
    causes.push(required(`${at}.maxUnavailable`, "cannot be 0 when maxSurge is 0"));
  }
  return causes;
}

function isZero(value: number | string): boolean {
  return value === 0 || (typeof value === "string" && /^0+%$/.test(value));
}

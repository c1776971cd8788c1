import {
  forbiddenField,
  invalidValue,
  Kinds,
  type Deployment,
  type DeploymentStrategy,
  type ReplicaSet,
  type StatusCause,
} from "@kubehop/api";
import { immutable, nonNegative, requiredOneOf } from "./common-rules.ts";
import { createStrategy, type Strategy } from "./strategy.ts";
import { setWorkloadDefaults, workloadCauses } from "./workload-rules.ts";

/** Deployment (pkg/apis/apps/validation). */
export const deploymentStrategy: Strategy<Deployment> = createStrategy(Kinds.Deployment, {
  defaults: (deployment) => {
    deployment.spec ??= {} as Deployment["spec"];
    const { spec } = deployment;
    setWorkloadDefaults(spec);
    spec.strategy = { type: "RollingUpdate", ...spec.strategy };
    if (spec.strategy.type === "RollingUpdate") {
      const limits = { maxUnavailable: "25%", maxSurge: "25%" };
      spec.strategy.rollingUpdate = { ...limits, ...spec.strategy.rollingUpdate };
    }
    spec.revisionHistoryLimit ??= 10;
    spec.progressDeadlineSeconds ??= 600;
  },
  validate: ({ spec }) => [
    ...workloadCauses(spec, "deployment"),
    ...strategyCauses(spec.strategy ?? {}),
    ...nonNegative("spec.revisionHistoryLimit", spec.revisionHistoryLimit),
    ...progressDeadlineCauses(spec),
  ],
  validateUpdate: (next, old) => immutable("spec.selector", next.spec.selector, old.spec.selector),
});

/** ReplicaSet. */
export const replicaSetStrategy: Strategy<ReplicaSet> = createStrategy(Kinds.ReplicaSet, {
  defaults: (replicaSet) => {
    replicaSet.spec ??= {} as ReplicaSet["spec"];
    setWorkloadDefaults(replicaSet.spec);
  },
  prepareForCreate: (replicaSet) => {
    replicaSet.status = { replicas: 0 };
  },
  validate: ({ spec }) => workloadCauses(spec, "deployment"),
  validateUpdate: (next, old) => immutable("spec.selector", next.spec.selector, old.spec.selector),
});

/** A count ≥ 0 or a percentage; `most` bounds the percentage. */
export function intOrPercentCauses(
  field: string,
  value: number | string | undefined,
  most: number = Number.POSITIVE_INFINITY,
): StatusCause[] {
  if (value === undefined) return [];
  if (typeof value === "number") return nonNegative(field, value);
  const percent = /^(\d+)%$/.exec(value)?.[1];
  if (percent === undefined) {
    const why =
      "a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  " +
      "or '93%', regex used for validation is '[0-9]+%')";
    return [invalidValue(field, value, why)];
  }
  return Number(percent) > most
    ? [invalidValue(field, value, `must not be greater than ${most}%`)]
    : [];
}

function strategyCauses({ type, rollingUpdate }: DeploymentStrategy): StatusCause[] {
  const field = "spec.strategy";
  if (type === "Recreate" && rollingUpdate !== undefined) {
    const why = "may not be specified when strategy `type` is 'Recreate'";
    return [forbiddenField(`${field}.rollingUpdate`, why)];
  }
  const causes = requiredOneOf(`${field}.type`, type, ["Recreate", "RollingUpdate"]);
  if (type !== "RollingUpdate") return causes;
  const { maxUnavailable = 0, maxSurge = 0 } = rollingUpdate ?? {};
  causes.push(
    ...intOrPercentCauses(`${field}.rollingUpdate.maxUnavailable`, maxUnavailable, 100),
    ...intOrPercentCauses(`${field}.rollingUpdate.maxSurge`, maxSurge),
  );
  if (isZero(maxUnavailable) && isZero(maxSurge)) {
    const why = "may not be 0 when `maxSurge` is 0";
    causes.push(invalidValue(`${field}.rollingUpdate.maxUnavailable`, maxUnavailable, why));
  }
  return causes;
}

function isZero(value: number | string): boolean {
  return value === 0 || (typeof value === "string" && /^0+%$/.test(value));
}

function progressDeadlineCauses(spec: Deployment["spec"]): StatusCause[] {
  const { progressDeadlineSeconds: deadline, minReadySeconds = 0 } = spec;
  const field = "spec.progressDeadlineSeconds";
  if (deadline === undefined) return [];
  if (deadline > minReadySeconds) return [];
  return [
    ...nonNegative(field, deadline),
    invalidValue(field, deadline, "must be greater than minReadySeconds"),
  ];
}

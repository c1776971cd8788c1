import {
  forbiddenField,
  invalidValue,
  Kinds,
  required,
  type CrossVersionObjectReference,
  type HorizontalPodAutoscaler,
  type HPAScalingRules,
  type MetricSpec,
  type MetricTarget,
  type StatusCause,
} from "@kubehop/api";
import { nonNegative, positive, requiredOneOf, requiredText } from "./common-rules.ts";
import { isPathSegmentName } from "./path-segment.ts";
import { createStrategy, type Strategy } from "./strategy.ts";

/** Upstream's default: CPU at 80 % of what the pods request. */
const DEFAULT_METRIC: MetricSpec = {
  type: "Resource",
  resource: { name: "cpu", target: { type: "Utilization", averageUtilization: 80 } },
};
const DOUBLE = { type: "Percent", value: 100, periodSeconds: 15 };
const SCALE_UP: HPAScalingRules = {
  stabilizationWindowSeconds: 0,
  selectPolicy: "Max",
  policies: [{ type: "Pods", value: 4, periodSeconds: 15 }, DOUBLE],
};
const SCALE_DOWN: HPAScalingRules = { selectPolicy: "Max", policies: [DOUBLE] };

const SOURCES = {
  ContainerResource: "containerResource",
  External: "external",
  Object: "object",
  Pods: "pods",
  Resource: "resource",
} as const;
const TARGET_TYPES = ["AverageValue", "Utilization", "Value"];
const MAX_PERIOD_SECONDS = 1800;
const MAX_WINDOW_SECONDS = 3600;

/** HorizontalPodAutoscaler (pkg/apis/autoscaling/{v2,validation}). */
export const horizontalPodAutoscalerStrategy: Strategy<HorizontalPodAutoscaler> = createStrategy(
  Kinds.HorizontalPodAutoscaler,
  {
    defaults: (autoscaler) => {
      autoscaler.spec ??= {} as HorizontalPodAutoscaler["spec"];
      const { spec } = autoscaler;
      spec.minReplicas ??= 1;
      if ((spec.metrics ?? []).length === 0) spec.metrics = [structuredClone(DEFAULT_METRIC)];
      if (spec.behavior === undefined) return;
      spec.behavior.scaleUp = { ...structuredClone(SCALE_UP), ...spec.behavior.scaleUp };
      spec.behavior.scaleDown = { ...structuredClone(SCALE_DOWN), ...spec.behavior.scaleDown };
    },
    prepareForCreate: (autoscaler) => {
      autoscaler.status = { currentReplicas: 0, desiredReplicas: 0 };
    },
    validate: ({ spec }) => [
      ...replicasCauses(spec),
      ...referenceCauses("spec.scaleTargetRef", spec.scaleTargetRef),
      ...(spec.metrics ?? []).flatMap((metric, index) =>
        metricCauses(`spec.metrics[${index}]`, metric),
      ),
      ...behaviorCauses("spec.behavior.scaleUp", spec.behavior?.scaleUp),
      ...behaviorCauses("spec.behavior.scaleDown", spec.behavior?.scaleDown),
    ],
  },
);

function replicasCauses({
  minReplicas,
  maxReplicas = 0,
}: Partial<HorizontalPodAutoscaler["spec"]>): StatusCause[] {
  const causes: StatusCause[] = [];
  if (minReplicas !== undefined && minReplicas < 1) {
    const why = "must be greater than or equal to 1";
    causes.push(invalidValue("spec.minReplicas", minReplicas, why));
  }
  causes.push(...positive("spec.maxReplicas", maxReplicas));
  if (minReplicas !== undefined && maxReplicas < minReplicas) {
    const why = "must be greater than or equal to `minReplicas`";
    causes.push(invalidValue("spec.maxReplicas", maxReplicas, why));
  }
  return causes;
}

function referenceCauses(
  field: string,
  { kind, name }: Partial<CrossVersionObjectReference> = {},
): StatusCause[] {
  return [
    ...requiredText(`${field}.kind`, kind, isPathSegmentName),
    ...requiredText(`${field}.name`, name, isPathSegmentName),
  ];
}

function metricCauses(field: string, metric: MetricSpec): StatusCause[] {
  if ((metric.type ?? "") === "") {
    return [required(`${field}.type`, "must specify a metric source type")];
  }
  const causes = requiredOneOf(`${field}.type`, metric.type, Object.keys(SOURCES));
  if (causes.length > 0) return causes;
  const expected = SOURCES[metric.type as keyof typeof SOURCES];
  if (metric[expected] === undefined) {
    const why = "must populate information for the given metric source";
    causes.push(required(`${field}.${expected}`, why));
  }
  for (const source of Object.values(SOURCES)) {
    const value = metric[source];
    if (value === undefined) continue;
    if (source !== expected) {
      const why = "must populate the given metric source only";
      causes.push(forbiddenField(`${field}.${source}`, why));
    } else {
      causes.push(...sourceCauses(`${field}.${source}`, value));
    }
  }
  return causes;
}

interface Source {
  readonly name?: string;
  readonly container?: string;
  readonly metric?: { readonly name?: string };
  readonly describedObject?: CrossVersionObjectReference;
  readonly target?: MetricTarget;
}

function sourceCauses(field: string, source: Source): StatusCause[] {
  const isResource = /\.(?:r|containerR)esource$/.test(field);
  const causes = isResource
    ? requiredWhy(`${field}.name`, source.name, "must specify a resource name")
    : requiredText(`${field}.metric.name`, source.metric?.name, isPathSegmentName);
  if (field.endsWith("containerResource")) {
    causes.push(...requiredWhy(`${field}.container`, source.container, "must specify a container"));
  }
  if (field.endsWith("object")) {
    causes.push(...referenceCauses(`${field}.describedObject`, source.describedObject));
  }
  return [...causes, ...targetCauses(`${field}.target`, source.target, isResource)];
}

function targetCauses(
  field: string,
  { type, value, averageValue, averageUtilization }: Partial<MetricTarget> = {},
  isResource: boolean,
): StatusCause[] {
  if ((type ?? "") === "") {
    return [required(`${field}.type`, "must specify a metric target type")];
  }
  const causes = [
    ...requiredOneOf(`${field}.type`, type, TARGET_TYPES),
    ...positive(`${field}.averageUtilization`, averageUtilization),
  ];
  const [hasUtilization, hasAverage] = [averageUtilization, averageValue].map(isThere);
  if (!isResource) {
    if (hasAverage || isThere(value)) return causes;
    const why = "must set either a target value for metric or a per-pod target";
    return [...causes, required(`${field}.averageValue`, why)];
  }
  if (hasUtilization && hasAverage) {
    const why = "may not set both a target raw value and a target utilization";
    return [...causes, forbiddenField(`${field}.averageValue`, why)];
  }
  if (hasUtilization || hasAverage) return causes;
  const why = "must set either a target raw value or a target utilization";
  return [...causes, required(`${field}.averageUtilization`, why)];
}

function isThere(value: unknown): boolean {
  return value !== undefined;
}

function behaviorCauses(field: string, rules: HPAScalingRules | undefined): StatusCause[] {
  if (rules === undefined) return [];
  const { stabilizationWindowSeconds: seconds, selectPolicy, policies = [] } = rules;
  const causes = [
    ...nonNegative(`${field}.stabilizationWindowSeconds`, seconds),
    ...requiredOneOf(`${field}.selectPolicy`, selectPolicy, ["Disabled", "Max", "Min"]),
  ];
  if ((seconds ?? 0) > MAX_WINDOW_SECONDS) {
    const why = `must be less than or equal to ${MAX_WINDOW_SECONDS}`;
    causes.push(invalidValue(`${field}.stabilizationWindowSeconds`, seconds, why));
  }
  if (policies.length === 0) {
    causes.push(required(`${field}.policies`, "must specify at least one Policy"));
  }
  for (const [index, { type, value, periodSeconds }] of policies.entries()) {
    const at = `${field}.policies[${index}]`;
    causes.push(
      ...requiredOneOf(`${at}.type`, type, ["Percent", "Pods"]),
      ...positive(`${at}.value`, value ?? 0),
      ...positive(`${at}.periodSeconds`, periodSeconds ?? 0),
    );
    if (periodSeconds > MAX_PERIOD_SECONDS) {
      const why = `must be less than or equal to ${MAX_PERIOD_SECONDS}`;
      causes.push(invalidValue(`${at}.periodSeconds`, periodSeconds, why));
    }
  }
  return causes;
}

function requiredWhy(field: string, value: string | undefined, why: string): StatusCause[] {
  return value === undefined || value === "" ? [required(field, why)] : [];
}

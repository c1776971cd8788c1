import type { KubeObject } from "../meta/object-meta.ts";
import { EventsV1EventSchema } from "./events-v1.ts";
import {
  HorizontalPodAutoscalerV1Schema,
  type HorizontalPodAutoscaler,
  type HorizontalPodAutoscalerV1,
} from "./horizontal-pod-autoscaler.ts";
import { Kinds } from "./index.ts";
import type { Kind } from "./kind.ts";
import type { MetricSpec } from "./metric.ts";
import { row } from "./row.ts";

/** Core v1's names of the fields that events.k8s.io/v1 renamed. */
const CORE_NAMES: Readonly<Record<string, string>> = {
  regarding: "involvedObject",
  note: "message",
  reportingController: "reportingComponent",
  deprecatedSource: "source",
  deprecatedFirstTimestamp: "firstTimestamp",
  deprecatedLastTimestamp: "lastTimestamp",
  deprecatedCount: "count",
};
const NEW_NAMES = Object.fromEntries(Object.entries(CORE_NAMES).map(([to, from]) => [from, to]));

/** What autoscaling/v1 has no field for is kept in these annotations, as JSON of autoscaling/v2. */
const KEPT = {
  metrics: "autoscaling.alpha.kubernetes.io/metrics",
  behavior: "autoscaling.alpha.kubernetes.io/behavior",
  currentMetrics: "autoscaling.alpha.kubernetes.io/current-metrics",
  conditions: "autoscaling.alpha.kubernetes.io/conditions",
} as const;

/** Versions of kinds beside the one in `Kinds`; their objects are stored as that one's. */
export const OtherVersions: readonly Kind[] = [
  row("events.k8s.io/v1", ["events", "ev"], EventsV1EventSchema, {
    conversion: {
      stored: Kinds.Event,
      toStored: (event) => ({ ...renamed(event, CORE_NAMES), apiVersion: "v1" }),
      fromStored: (event) => ({ ...renamed(event, NEW_NAMES), apiVersion: "events.k8s.io/v1" }),
      storedField: storedEventField,
    },
  }) as Kind,
  row("autoscaling/v1", ["horizontalpodautoscalers", "hpa"], HorizontalPodAutoscalerV1Schema, {
    categories: ["all"],
    status: true,
    conversion: {
      stored: Kinds.HorizontalPodAutoscaler,
      toStored: (object) => toV2(object as HorizontalPodAutoscalerV1),
      fromStored: (object) => toV1(object as HorizontalPodAutoscaler),
      storedField: () => undefined,
    },
  }) as Kind,
];

function renamed(object: KubeObject, names: Readonly<Record<string, string>>): KubeObject {
  const entries = Object.entries(object).map(([name, value]) => [names[name] ?? name, value]);
  return Object.fromEntries(entries) as KubeObject;
}

function storedEventField(field: string): string | undefined {
  const [head = "", ...rest] = field.split(".");
  if (!["regarding", "reportingController", "reason", "type"].includes(head)) return undefined;
  return [CORE_NAMES[head] ?? head, ...rest].join(".");
}

function toV2({ spec, status, ...object }: HorizontalPodAutoscalerV1): HorizontalPodAutoscaler {
  const annotations = { ...object.metadata.annotations };
  const kept = (name: keyof typeof KEPT): object => {
    const value = parseMaybe(annotations[KEPT[name]]);
    delete annotations[KEPT[name]];
    return value === undefined ? {} : { [name]: value };
  };
  const { targetCPUUtilizationPercentage: target, ...limits } = spec ?? {};
  const { metrics: others = [] } = kept("metrics") as { metrics?: MetricSpec[] };
  const metrics = target === undefined ? others : [cpuMetric(target), ...others];
  const { currentCPUUtilizationPercentage: _current, ...counts } = status ?? {
    currentReplicas: 0,
    desiredReplicas: 0,
  };
  const seen = { ...kept("currentMetrics"), ...kept("conditions") };
  const behavior = kept("behavior");
  return {
    ...object,
    apiVersion: "autoscaling/v2",
    metadata: withAnnotations(object.metadata, annotations),
    spec: { ...limits, ...(metrics.length > 0 && { metrics }), ...behavior },
    ...(status !== undefined && { status: { ...counts, ...seen } }),
  };
}

function toV1({ spec, status, ...object }: HorizontalPodAutoscaler): HorizontalPodAutoscalerV1 {
  const { metrics = [], behavior, ...limits } = spec;
  const { currentMetrics, conditions, ...counts } = status ?? { desiredReplicas: 0 };
  const cpu = metrics.find((metric) => utilizationOf(metric) !== undefined);
  const others = metrics.filter((metric) => metric !== cpu);
  const kept = { metrics: others, behavior, currentMetrics, conditions };
  const annotations = { ...object.metadata.annotations };
  for (const [name, value] of Object.entries(kept)) {
    const isEmpty = value === undefined || (Array.isArray(value) && value.length === 0);
    if (!isEmpty) annotations[KEPT[name as keyof typeof KEPT]] = JSON.stringify(value);
  }
  const target = cpu && utilizationOf(cpu);
  return {
    ...object,
    apiVersion: "autoscaling/v1",
    metadata: withAnnotations(object.metadata, annotations),
    spec: { ...limits, ...(target !== undefined && { targetCPUUtilizationPercentage: target }) },
    ...(status !== undefined && { status: { currentReplicas: 0, ...counts } }),
  };
}

function cpuMetric(averageUtilization: number): MetricSpec {
  const target = { type: "Utilization", averageUtilization };
  return { type: "Resource", resource: { name: "cpu", target } };
}

function utilizationOf({ resource }: MetricSpec): number | undefined {
  return resource?.name === "cpu" ? resource.target?.averageUtilization : undefined;
}

function withAnnotations<T extends { annotations?: Record<string, string> }>(
  { annotations: _before, ...metadata }: T,
  annotations: Record<string, string>,
): T {
  const some = Object.keys(annotations).length > 0;
  return { ...metadata, ...(some && { annotations }) } as unknown as T;
}

/** Whatever a client wrote into an annotation: what is no JSON counts as absent. */
function parseMaybe(text: string | undefined): unknown {
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

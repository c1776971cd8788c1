import type { HorizontalPodAutoscaler, MetricSpec, MetricTarget } from "@kubehop/api";
import { ageOf } from "./age.ts";
import { AGE, column, integer, NAME, type Printer } from "./printer.ts";

/** How many metrics a cell names before it only counts them. */
const SHOWN = 2;
/** Nothing here measures, so no value is ever known. */
const UNKNOWN = "<unknown>";

/** Columns of `kubectl get horizontalpodautoscalers` (source: printHorizontalPodAutoscaler). */
export const horizontalPodAutoscalerPrinter: Printer<HorizontalPodAutoscaler> = {
  columns: [
    NAME,
    column("Reference", "The workload it scales."),
    column("Targets", "What is measured, and the values to aim at."),
    column("MinPods", "Least number of pods."),
    column("MaxPods", "Largest number of pods."),
    integer("Replicas", "Pods there are."),
    AGE,
  ],
  row: ({ metadata, spec, status }, now) => ({
    cells: [
      metadata.name,
      ...specCells(spec),
      status?.currentReplicas ?? 0,
      ageOf(metadata.creationTimestamp, now),
    ],
  }),
};

function specCells({
  scaleTargetRef,
  metrics = [],
  minReplicas,
  maxReplicas = 0,
}: Partial<HorizontalPodAutoscaler["spec"]> = {}): string[] {
  const reference =
    scaleTargetRef === undefined ? "" : `${scaleTargetRef.kind}/${scaleTargetRef.name}`;
  return [reference, targetsOf(metrics), String(minReplicas ?? "<unset>"), String(maxReplicas)];
}

function targetsOf(metrics: readonly MetricSpec[]): string {
  if (metrics.length === 0) return "<none>";
  const shown = metrics.slice(0, SHOWN).map(targetOf).join(", ");
  return metrics.length <= SHOWN ? shown : `${shown} + ${metrics.length - SHOWN} more...`;
}

function targetOf(metric: MetricSpec): string {
  const { resource, containerResource } = metric;
  const named = resource ?? containerResource;
  if (named !== undefined) {
    const { averageValue, averageUtilization } = named.target;
    const percent = averageUtilization === undefined ? "<auto>" : `${averageUtilization}%`;
    return `${named.name}: ${UNKNOWN}/${averageValue ?? percent}`;
  }
  const target = (metric.pods ?? metric.object ?? metric.external)?.target;
  return target === undefined ? "<unknown type>" : `${UNKNOWN}/${valueOf(target, metric.type)}`;
}

function valueOf({ value, averageValue }: MetricTarget, type: string): string {
  if (averageValue === undefined) return value ?? "";
  return type === "Pods" ? averageValue : `${averageValue} (avg)`;
}

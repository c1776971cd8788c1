import {
  AggregatorRegistry,
  type Metric,
  type MetricObjectWithValues,
  type MetricValue,
  Registry,
} from "prom-client";

/** The metrics of a worker, as prom-client's aggregation takes them. */
export type MetricFamilies = MetricObjectWithValues<MetricValue<string>>[];

/** A worker's registry: what every process has once is the process's. */
export function createWorkerRegistry(): Registry {
  return new Registry();
}

/** The process's metrics as text, with those of DNS added up over all threads. */
export async function addUp(
  registry: Registry,
  reports: readonly MetricFamilies[],
): Promise<string> {
  const shared = new Registry();
  const own = new Registry();
  for (const metric of registry.getMetricsAsArray()) {
    const target = metric.name.startsWith("coredns_") ? shared : own;
    // The objects that were registered, whatever the types say.
    target.registerMetric(metric as unknown as Metric);
  }
  const sum = AggregatorRegistry.aggregate([await shared.getMetricsAsJSON(), ...reports]);
  return `${await sum.metrics()}\n${await own.metrics()}`;
}

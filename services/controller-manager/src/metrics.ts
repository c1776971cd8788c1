import type { WorkQueueMetrics } from "@kubehop/client";
import { Counter, Gauge, Histogram, type Registry } from "prom-client";

/** The controller manager's metrics; names and labels are upstream's. */
export interface Metrics {
  /** The metrics of one controller's queue. */
  queue(name: string): WorkQueueMetrics;
  /** Counts a reconcile by its outcome. */
  reconciled(controller: string, result: "success" | "error"): void;
}

/** Upstream's buckets of workqueue histograms: 10 ns to 10 s. */
const BUCKETS = [1e-8, 1e-7, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1, 10];

/** Registers the metrics. */
export function createMetrics(registry: Registry): Metrics {
  const registers = [registry];
  const labelNames = ["name"] as const;
  const named = { labelNames, registers };
  const depth = new Gauge({ name: "workqueue_depth", help: "Keys that wait.", ...named });
  const adds = new Counter({ name: "workqueue_adds_total", help: "Keys added.", ...named });
  const retries = new Counter({ name: "workqueue_retries_total", help: "Keys retried.", ...named });
  const waited = new Histogram({
    name: "workqueue_queue_duration_seconds",
    help: "How long keys waited.",
    buckets: BUCKETS,
    ...named,
  });
  const worked = new Histogram({
    name: "workqueue_work_duration_seconds",
    help: "How long a reconcile took.",
    buckets: BUCKETS,
    ...named,
  });
  const reconciles = new Counter({
    name: "kubehop_controller_reconcile_total",
    help: "Reconciles by controller and result.",
    labelNames: ["controller", "result"],
    registers,
  });
  return {
    queue(name) {
      depth.set({ name }, 0);
      return {
        depth: (waiting) => depth.set({ name }, waiting),
        added: () => adds.inc({ name }),
        retried: () => retries.inc({ name }),
        waited: (seconds) => waited.observe({ name }, seconds),
        worked: (seconds) => worked.observe({ name }, seconds),
      };
    },
    reconciled: (controller, result) => reconciles.inc({ controller, result }),
  };
}

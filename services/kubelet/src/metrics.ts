import { Counter, Gauge, Histogram, type Registry } from "prom-client";

/** What the kubelet counts. */
export interface KubeletMetrics {
  readonly probes: Counter<"probe_type" | "result">;
  readonly startedContainers: Counter;
  readonly startErrors: Counter<"code">;
  readonly podStart: Histogram;
  readonly statusWrites: Counter<"result">;
}

/** Numbers that are looked up when somebody reads the metrics. */
export interface RunningCounts {
  pods(): number;
  containers(): number;
  /** Pods that somebody else runs. */
  mirrorPods(): number;
  /** 1 while the container runtime answers, else 0. */
  runtimeUp(): number;
}

const START_BUCKETS = [0.05, 0.1, 0.25, 0.5, 1, 2, 3, 5, 10, 20, 30, 60, 120];

/** Registers the kubelet's metrics, under upstream's names where it has them. */
export function createKubeletMetrics(registry: Registry, counts: RunningCounts): KubeletMetrics {
  const registers = [registry];
  const gauge = (name: string, help: string, read: () => number): Gauge =>
    new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(read());
      },
    });
  gauge("kubelet_running_pods", "Number of pods that have a running sandbox.", counts.pods);
  gauge("kubelet_running_containers", "Number of containers that run.", counts.containers);
  gauge(
    "kubehop_kubelet_mirror_pods",
    "Pods of this node that somebody else runs and that have a mirror in the API server.",
    counts.mirrorPods,
  );
  gauge(
    "kubehop_kubelet_runtime_up",
    "1 while the container runtime answers, 0 while it is away.",
    counts.runtimeUp,
  );
  return {
    probes: new Counter({
      name: "prober_probe_total",
      help: "Probes that counted, by type (Readiness, Liveness, Startup) and result.",
      labelNames: ["probe_type", "result"],
      registers,
    }),
    startedContainers: new Counter({
      name: "kubelet_started_containers_total",
      help: "Containers started.",
      registers,
    }),
    startErrors: new Counter({
      name: "kubelet_started_containers_errors_total",
      help: "Containers that could not be started, by waiting reason.",
      labelNames: ["code"],
      registers,
    }),
    podStart: new Histogram({
      name: "kubelet_pod_start_duration_seconds",
      help: "Seconds from seeing a pod to its containers having been started.",
      buckets: START_BUCKETS,
      registers,
    }),
    statusWrites: new Counter({
      name: "kubehop_kubelet_status_writes_total",
      help: "Pod statuses written to the API server, by result.",
      labelNames: ["result"],
      registers,
    }),
  };
}

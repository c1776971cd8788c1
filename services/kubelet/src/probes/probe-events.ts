import type { Pod } from "@kubehop/api";
import type { EventRecorder } from "@kubehop/client";
import type { KubeletMetrics } from "../metrics.ts";
import type { ProbeResult, ProbeType } from "./probe-result.ts";

/** Counts a try of a probe, and tells of one that failed. */
export function noteProbe(
  { metrics, events }: { readonly metrics: KubeletMetrics; readonly events: EventRecorder },
  pod: Pod,
  { type, result }: { readonly type: ProbeType; readonly result: ProbeResult },
): void {
  const title = `${type.charAt(0).toUpperCase()}${type.slice(1)}`;
  const { success, message } = result;
  metrics.probes.inc({ probe_type: title, result: success ? "successful" : "failed" });
  if (success) return;
  events.event(pod, "Warning", "Unhealthy", `${title} probe failed: ${message}`);
}

import type { Probe } from "@kubehop/api";

/** What one try of a probe found. */
export interface ProbeResult {
  readonly success: boolean;
  /** What was seen, in upstream's words. */
  readonly message: string;
}

/** Which question a probe asks. */
export type ProbeType = "readiness" | "liveness" | "startup";

/** A probe's timing with every default filled in; times in ms. */
export interface ProbeTiming {
  readonly initialDelay: number;
  readonly period: number;
  readonly timeout: number;
  readonly successThreshold: number;
  readonly failureThreshold: number;
}

/** Results counted so far. */
export interface ProbeCount {
  /** What the last result was; undefined before the first. */
  readonly last?: boolean;
  /** How often in a row. */
  readonly run: number;
}

/** A probe's timing (defaults: pkg/apis/core/v1/defaults.go SetDefaults_Probe). */
export function probeTiming(probe: Probe): ProbeTiming {
  return {
    initialDelay: (probe.initialDelaySeconds ?? 0) * 1_000,
    period: (probe.periodSeconds || 10) * 1_000,
    timeout: (probe.timeoutSeconds || 1) * 1_000,
    successThreshold: probe.successThreshold || 1,
    failureThreshold: probe.failureThreshold || 3,
  };
}

/**
 * Counts one result. The verdict is undefined until enough results in a row say the same
 * (pkg/kubelet/prober/worker.go doProbe).
 */
export function countResult(
  count: ProbeCount,
  success: boolean,
  timing: ProbeTiming,
): { count: ProbeCount; verdict?: boolean } {
  const run = count.last === success ? count.run + 1 : 1;
  const needed = success ? timing.successThreshold : timing.failureThreshold;
  const next = { count: { last: success, run } };
  return run >= needed ? { ...next, verdict: success } : next;
}

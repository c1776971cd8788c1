import type { Deployment } from "@kubehop/api";
import { scaledValue } from "../../scaled-value.ts";

/** How far a rolling update may stray from the wanted number of pods. */
export interface RolloutLimits {
  readonly replicas: number;
  /** Pods that may be too many. */
  readonly maxSurge: number;
  /** Pods that may be missing. */
  readonly maxUnavailable: number;
  /** Pods that must be available: replicas − maxUnavailable. */
  readonly minAvailable: number;
}

const DEFAULT_LIMIT = "25%";

/**
 * The limits of a Deployment in pods. Percentages of the surge are rounded up, those of the
 * unavailable down; were both 0, nothing could move, so one pod may be missing (upstream's
 * ResolveFenceposts). With Recreate all may be missing.
 */
export function rolloutLimits({ spec }: Deployment): RolloutLimits {
  const replicas = spec.replicas ?? 1;
  if (spec.strategy?.type === "Recreate") {
    return { replicas, maxSurge: 0, maxUnavailable: replicas, minAvailable: 0 };
  }
  const rolling = spec.strategy?.rollingUpdate;
  const maxSurge = scaledValue(rolling?.maxSurge ?? DEFAULT_LIMIT, replicas, Math.ceil);
  const wanted = scaledValue(rolling?.maxUnavailable ?? DEFAULT_LIMIT, replicas, Math.floor);
  const atLeast = maxSurge === 0 ? 1 : 0;
  const maxUnavailable = Math.min(Math.max(wanted, atLeast), replicas);
  return { replicas, maxSurge, maxUnavailable, minAvailable: replicas - maxUnavailable };
}

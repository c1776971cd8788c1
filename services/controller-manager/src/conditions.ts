import type { Condition } from "@kubehop/api";

/** Unix ms as Kubernetes writes times: RFC 3339 in UTC, whole seconds. */
export function timestamp(now: number): string {
  return new Date(now).toISOString().replace(/\.\d+Z$/, "Z");
}

/** The condition of a type. */
export function findCondition(
  conditions: readonly Condition[] | undefined,
  type: string,
): Condition | undefined {
  return conditions?.find((condition) => condition.type === type);
}

/**
 * The list with one condition put in place of the one of its type. The time of the last transition
 * moves only when the status does; an equal condition leaves the list as it is.
 */
export function withCondition(
  conditions: readonly Condition[] | undefined,
  next: Omit<Condition, "lastTransitionTime">,
  now: number,
): Condition[] {
  const all = conditions ?? [];
  const previous = findCondition(all, next.type);
  const isSame =
    previous?.status === next.status &&
    previous.reason === next.reason &&
    previous.message === next.message;
  if (isSame && next.lastUpdateTime === undefined) return [...all];
  const isTransition = previous?.status !== next.status;
  const lastTransitionTime = isTransition ? timestamp(now) : previous.lastTransitionTime;
  const condition = { ...next, ...(lastTransitionTime !== undefined && { lastTransitionTime }) };
  if (previous === undefined) return [...all, condition];
  return all.map((existing) => (existing === previous ? condition : existing));
}

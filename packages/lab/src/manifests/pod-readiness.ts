import type { Pod } from "@kubehop/api";

/** Whether a pod gets traffic. */
export function isPodReady(pod: Pod): boolean {
  return conditionsOf(pod).some(({ type, status }) => type === "Ready" && status === "True");
}

/** The first reason that a pod's status gives for not being ready. */
export function whyNotReady(pod: Pod): string {
  const statuses = pod.status?.containerStatuses ?? [];
  const troubled = statuses.map(containerTrouble).find((text) => text !== undefined);
  if (troubled !== undefined) return troubled;
  const scheduled = conditionsOf(pod).find(({ type }) => type === "PodScheduled");
  if (scheduled?.status === "False") return scheduled.message ?? "not scheduled";
  if (statuses.length > 0) return "its readiness probe fails";
  return `is ${pod.status?.phase ?? "Pending"}`;
}

type ContainerStatus = NonNullable<NonNullable<Pod["status"]>["containerStatuses"]>[number];

function containerTrouble({ name, state, lastState }: ContainerStatus): string | undefined {
  const waiting = [state?.waiting?.reason, state?.waiting?.message].filter(Boolean).join(": ");
  const ended = state?.terminated ?? lastState?.terminated;
  const before = ended === undefined ? "" : ` (it ended with exit code ${ended.exitCode})`;
  if (waiting !== "") return `container ${name} is waiting: ${waiting}${before}`;
  return ended === undefined ? undefined : `container ${name} does not run${before}`;
}

function conditionsOf(pod: Pod): readonly { type: string; status: string; message?: string }[] {
  return pod.status?.conditions ?? [];
}

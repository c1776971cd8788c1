import {
  type Condition,
  type Node,
  NOT_READY_TAINT,
  type Taint,
  UNREACHABLE_TAINT,
  UNSCHEDULABLE_TAINT,
} from "@kubehop/api";
import { findCondition, timestamp, withCondition } from "../../conditions.ts";
import { withTaints } from "../../taints.ts";

/** The taints this controller keeps; all others are somebody else's. */
const OWN_TAINTS: ReadonlySet<string> = new Set([
  NOT_READY_TAINT,
  UNREACHABLE_TAINT,
  UNSCHEDULABLE_TAINT,
]);

/** What a kubelet reports; without it nobody knows. */
const REPORTED_CONDITIONS = ["Ready", "MemoryPressure", "DiskPressure", "PIDPressure"];

/** The conditions of a node of which nothing is heard any more. */
export function unknownConditions({ status }: Node, now: number): Condition[] {
  let conditions = [...(status?.conditions ?? [])];
  for (const type of REPORTED_CONDITIONS) {
    const before = findCondition(conditions, type);
    if (before?.status === "Unknown") continue;
    const unknown =
      before === undefined
        ? { reason: "NodeStatusNeverUpdated", message: "Kubelet never posted node status." }
        : { reason: "NodeStatusUnknown", message: "Kubelet stopped posting node status." };
    const { lastHeartbeatTime } = before ?? {};
    const heartbeat = lastHeartbeatTime === undefined ? {} : { lastHeartbeatTime };
    conditions = withCondition(
      conditions,
      { type, status: "Unknown", ...unknown, ...heartbeat },
      now,
    );
  }
  return conditions;
}

/** Status of the node's condition Ready; Unknown while there is none. */
export function readiness({ status }: Pick<Node, "status">): Condition["status"] {
  return findCondition(status?.conditions, "Ready")?.status ?? "Unknown";
}

/**
 * The taints a node is to have: not-ready or unreachable by its condition Ready (NoSchedule keeps
 * new pods away, NoExecute sends the others away in time), unschedulable when it is cordoned.
 */
export function wantedTaints(node: Node, now: number): Taint[] {
  const taints: Taint[] = [];
  const ready = readiness(node);
  if (ready !== "True") {
    const key = ready === "False" ? NOT_READY_TAINT : UNREACHABLE_TAINT;
    taints.push(
      { key, effect: "NoSchedule", timeAdded: timestamp(now) },
      { key, effect: "NoExecute", timeAdded: timestamp(now) },
    );
  }
  if (node.spec.unschedulable === true) {
    taints.push({ key: UNSCHEDULABLE_TAINT, effect: "NoSchedule", timeAdded: timestamp(now) });
  }
  return withTaints(node, OWN_TAINTS, taints);
}

import type { ContainerStatus, Pod } from "@kubehop/api";
import { ageOf } from "./age.ts";
import { AGE, column, NAME, orNone, type Printer, type RowCondition, wide } from "./printer.ts";

/** Columns of `kubectl get pods` (source: printPod). */
export const podPrinter: Printer<Pod> = {
  columns: [
    NAME,
    column("Ready", "Ready containers of all containers."),
    column("Status", "What the pod does now."),
    column("Restarts", "How often its containers were restarted."),
    AGE,
    wide("IP", "Address of the pod."),
    wide("Node", "Node the pod runs on."),
    wide("Nominated Node", "Node the pod will preempt others on."),
    wide("Readiness Gates", "Readiness gates that are met."),
  ],
  row(pod, now) {
    const conditions = completed(pod);
    return {
      cells: [
        pod.metadata.name,
        `${readyContainers(pod)}/${pod.spec?.containers?.length ?? 0}`,
        statusOf(pod),
        restartsOf(pod, now),
        ageOf(pod.metadata.creationTimestamp, now),
        orNone(pod.status?.podIPs?.[0]?.ip ?? pod.status?.podIP),
        orNone(pod.spec?.nodeName),
        orNone(pod.status?.nominatedNodeName),
        readinessGates(pod),
      ],
      ...(conditions !== undefined && { conditions }),
    };
  },
};

function completed(pod: Pod): RowCondition[] | undefined {
  switch (pod.status?.phase) {
    case "Succeeded":
      return [condition("Succeeded", "The pod has completed successfully.")];
    case "Failed":
      return [condition("Failed", "The pod failed.")];
    default:
      return undefined;
  }
}

function condition(reason: string, message: string): RowCondition {
  return { type: "Completed", status: "True", reason, message };
}

function readyContainers(pod: Pod): number {
  return (pod.status?.containerStatuses ?? []).filter(isRunningAndReady).length;
}

function isRunningAndReady(status: ContainerStatus): boolean {
  return status.ready && status.state?.running !== undefined;
}

/** reason > deletion > what a container waits for or ended with > phase. */
function statusOf(pod: Pod): string {
  if (pod.metadata.deletionTimestamp !== undefined) {
    if (pod.status?.reason === "NodeLost") return "Unknown";
    const phase = pod.status?.phase;
    if (phase !== "Succeeded" && phase !== "Failed") return "Terminating";
  }
  const initializing = initReason(pod);
  if (initializing !== undefined && !hasCondition(pod, "Initialized")) return initializing;
  return containerReason(pod) ?? phaseReason(pod);
}

function phaseReason(pod: Pod): string {
  const { reason, phase } = pod.status ?? {};
  return reason === undefined || reason === "" ? (phase ?? "Unknown") : reason;
}

/** Why the first unfinished init container has not finished; undefined when all have. */
function initReason(pod: Pod): string | undefined {
  const statuses = pod.status?.initContainerStatuses ?? [];
  const index = statuses.findIndex((status) => status.state?.terminated?.exitCode !== 0);
  const status = statuses[index];
  if (status === undefined) return undefined;
  const reason = stateReason(status);
  if (reason !== undefined && reason !== "PodInitializing") return `Init:${reason}`;
  return `Init:${index}/${pod.spec?.initContainers?.length ?? 0}`;
}

function containerReason(pod: Pod): string | undefined {
  const statuses = pod.status?.containerStatuses ?? [];
  const reason = statuses.map(stateReason).find((text) => text !== undefined);
  if (reason !== "Completed" || !statuses.some(isRunningAndReady)) return reason;
  return hasCondition(pod, "Ready") ? "Running" : "NotReady";
}

/** What a container waits for or how it ended; undefined while it runs. */
function stateReason(status: ContainerStatus): string | undefined {
  const { waiting, terminated } = status.state ?? {};
  if (waiting?.reason !== undefined && waiting.reason !== "") return waiting.reason;
  if (terminated === undefined) return undefined;
  if (terminated.reason !== undefined && terminated.reason !== "") return terminated.reason;
  const { signal } = terminated;
  return signal === undefined || signal === 0
    ? `ExitCode:${terminated.exitCode}`
    : `Signal:${signal}`;
}

function hasCondition(pod: Pod, type: string): boolean {
  const conditions = pod.status?.conditions ?? [];
  return conditions.some((one) => one.type === type && one.status === "True");
}

function restartsOf(pod: Pod, now: number): string {
  const statuses = pod.status?.containerStatuses ?? [];
  const restarts = statuses.reduce((sum, { restartCount }) => sum + (restartCount ?? 0), 0);
  const ends = statuses.map(({ lastState }) => lastState?.terminated?.finishedAt ?? "").sort();
  const last = ends.at(-1);
  if (restarts === 0 || last === undefined || last === "") return String(restarts);
  return `${restarts} (${ageOf(last, now)} ago)`;
}

function readinessGates(pod: Pod): string {
  const gates = pod.spec?.readinessGates ?? [];
  if (gates.length === 0) return "<none>";
  const met = gates.filter(({ conditionType }) => hasCondition(pod, conditionType));
  return `${met.length}/${gates.length}`;
}

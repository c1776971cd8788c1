import type { Command } from "commander";
import { Kinds, type Node, type Pod, type Service } from "@kubehop/api";
import { type LabProcess, type LabStatus, readLabStatus } from "@kubehop/lab";
import type { RestClient } from "@kubehop/client";
import { createStyle, isReady, type Style } from "@kubehop/trace";
import type { CliContext } from "../context.ts";
import { accessCluster } from "../lab-access.ts";
import { formatAge, formatMemory } from "../output/quantity.ts";
import { formatTable } from "../output/table.ts";
import { withName, withOutput } from "./options.ts";

/** What a cluster holds; empty when its API server does not answer. */
export interface ClusterView {
  readonly nodes: readonly Node[];
  readonly services: readonly Service[];
  readonly pods: readonly Pod[];
  /** Why there is nothing to see. */
  readonly problem?: string;
}

/** `kubehop status`: a lab's processes, nodes, Services and pods. */
export function addStatus(program: Command, context: CliContext): void {
  withOutput(withName(program.command("status")))
    .description("show a lab's processes, nodes, Services and pods")
    .action(async ({ name, output }: { name: string; output: "text" | "json" }) => {
      await using access = await accessCluster(context, name);
      const [status, cluster] = await Promise.all([
        access.lab === undefined ? undefined : readLabStatus(access.lab.directory),
        viewCluster(access.rest),
      ]);
      context.stdout.write(
        output === "json"
          ? `${JSON.stringify(toJson(status, cluster), undefined, 2)}\n`
          : formatStatus(status, cluster, { style: createStyle(context.colour), now: Date.now() }),
      );
    });
}

async function viewCluster(rest: RestClient): Promise<ClusterView> {
  try {
    const [nodes, services, pods] = await Promise.all([
      rest.list(Kinds.Node),
      rest.list(Kinds.Service),
      rest.list(Kinds.Pod),
    ]);
    return { nodes: nodes.items, services: services.items, pods: pods.items };
  } catch (error) {
    return { nodes: [], services: [], pods: [], problem: (error as Error).message };
  }
}

/** The stable JSON form of `kubehop status -o json`. */
export function toJson(status: LabStatus | undefined, cluster: ClusterView): unknown {
  return {
    ...(status === undefined ? {} : { lab: status.record, processes: status.processes }),
    nodes: cluster.nodes.map((node) => ({
      name: node.metadata.name,
      ready: isNodeReady(node),
      ip: nodeIp(node),
      podCidr: node.spec?.podCIDR ?? "",
    })),
    services: cluster.services.map(({ metadata, spec }) => ({
      namespace: metadata.namespace,
      name: metadata.name,
      type: spec.type ?? "ClusterIP",
      clusterIP: spec.clusterIP ?? "",
      ports: spec.ports ?? [],
    })),
    pods: cluster.pods.map((pod) => ({
      namespace: pod.metadata.namespace,
      name: pod.metadata.name,
      phase: pod.status?.phase ?? "Pending",
      ready: isReady(pod),
      ip: pod.status?.podIP ?? "",
      node: pod.spec.nodeName ?? "",
      restarts: restartsOf(pod),
    })),
    ...(cluster.problem === undefined ? {} : { problem: cluster.problem }),
  };
}

/** How a status is shown: marks for terminals, and the time (unix ms) ages are counted to. */
export interface StatusView {
  readonly style: Style;
  readonly now: number;
}

/** `kubehop status` for people; of a cluster that is no lab, the processes are left out. */
export function formatStatus(
  status: LabStatus | undefined,
  cluster: ClusterView,
  view: StatusView,
): string {
  const { style, now } = view;
  const sections = status === undefined ? [] : labSections(status, view);
  if (cluster.problem !== undefined) {
    return [
      ...sections,
      `${style.bad("The API server does not answer")}: ${cluster.problem}\n`,
    ].join("\n");
  }
  return [...sections, ...clusterTables(cluster, now)].join("\n");
}

function labSections({ record, processes }: LabStatus, { style, now }: StatusView): string[] {
  const rows = processes.map((process) => processRow(process, now));
  return [
    `lab ${style.bold(record.name)}: ${record.ready ? style.good("ready") : style.bad("starting")}, up ${formatAge(now - Date.parse(record.createdAt))}, API server https://127.0.0.1:${record.apiPort}\n`,
    formatTable(["PROCESS", "STATE", "PID", "MEMORY", "RESTARTS", "UP", "LAST EXIT"], rows),
  ];
}

function processRow(process: LabProcess, now: number): string[] {
  const running = process.state === "running";
  return [
    process.name,
    process.state,
    running ? String(process.pid ?? process.sandboxPid ?? "") : "",
    running ? formatMemory(process.rssBytes ?? 0) : "",
    String(process.restarts),
    running ? formatAge(now - process.startedAt) : "",
    process.lastExit ?? "",
  ];
}

function clusterTables({ nodes, services, pods }: ClusterView, now: number): string[] {
  const age = (object: { metadata: { creationTimestamp?: string } }): string =>
    formatAge(now - Date.parse(object.metadata.creationTimestamp ?? ""));
  return [
    formatTable(
      ["NODE", "READY", "ADDRESS", "POD CIDR", "AGE"],
      nodes.map((node) => [
        node.metadata.name,
        isNodeReady(node) ? "yes" : "no",
        nodeIp(node),
        node.spec?.podCIDR ?? "",
        age(node),
      ]),
    ),
    formatTable(
      ["SERVICE", "TYPE", "CLUSTER-IP", "PORTS", "AGE"],
      services.map((service) => [
        `${service.metadata.namespace}/${service.metadata.name}`,
        service.spec.type ?? "ClusterIP",
        service.spec.clusterIP ?? "",
        portsOf(service),
        age(service),
      ]),
    ),
    formatTable(
      ["POD", "STATUS", "READY", "RESTARTS", "ADDRESS", "NODE", "AGE"],
      pods.map((pod) => [
        `${pod.metadata.namespace}/${pod.metadata.name}`,
        pod.metadata.deletionTimestamp === undefined
          ? (pod.status?.phase ?? "Pending")
          : "Terminating",
        isReady(pod) ? "yes" : "no",
        String(restartsOf(pod)),
        pod.status?.podIP ?? "",
        pod.spec.nodeName ?? "",
        age(pod),
      ]),
    ),
  ];
}

function portsOf({ spec }: Service): string {
  const ports = (spec.ports ?? []).map(({ port, nodePort, protocol }) => {
    const node = nodePort === undefined ? "" : `:${nodePort}`;
    return `${port}${node}/${protocol ?? "TCP"}`;
  });
  return ports.join(",");
}

function isNodeReady(node: Node): boolean {
  const conditions = node.status?.conditions ?? [];
  return conditions.some(({ type, status }) => type === "Ready" && status === "True");
}

function nodeIp(node: Node): string {
  const addresses = node.status?.addresses ?? [];
  return addresses.find(({ type }) => type === "InternalIP")?.address ?? "";
}

function restartsOf(pod: Pod): number {
  const statuses = pod.status?.containerStatuses ?? [];
  return statuses.reduce((sum, { restartCount }) => sum + (restartCount ?? 0), 0);
}

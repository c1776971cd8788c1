import type { Node } from "@kubehop/api";
import { ageOf } from "./age.ts";
import { AGE, column, NAME, orNone, type Printer, wide } from "./printer.ts";

const ROLE_PREFIX = "node-role.kubernetes.io/";
const ROLE_LABEL = "kubernetes.io/role";

/** Columns of `kubectl get nodes`. */
export const nodePrinter: Printer<Node> = {
  columns: [
    NAME,
    column("Status", "Whether the node is ready and takes pods."),
    column("Roles", "Roles from the node's labels."),
    AGE,
    column("Version", "Version of the kubelet."),
    wide("Internal-IP", "Address inside the cluster."),
    wide("External-IP", "Address outside the cluster."),
    wide("OS-Image", "Operating system of the node."),
    wide("Kernel-Version", "Kernel of the node."),
    wide("Container-Runtime", "Runtime of the node's pods."),
  ],
  row: (node, now) => ({
    cells: [
      node.metadata.name,
      statusOf(node),
      orNone(rolesOf(node).join(",")),
      ageOf(node.metadata.creationTimestamp, now),
      node.status?.nodeInfo?.kubeletVersion ?? "",
      orNone(addressOf(node, "InternalIP")),
      orNone(addressOf(node, "ExternalIP")),
      orUnknown(node.status?.nodeInfo?.osImage),
      orUnknown(node.status?.nodeInfo?.kernelVersion),
      orUnknown(node.status?.nodeInfo?.containerRuntimeVersion),
    ],
  }),
};

function statusOf(node: Node): string {
  const ready = node.status?.conditions?.find(({ type }) => type === "Ready");
  const words = [ready === undefined ? "Unknown" : ready.status === "True" ? "Ready" : "NotReady"];
  if (node.spec?.unschedulable === true) words.push("SchedulingDisabled");
  return words.join(",");
}

function rolesOf(node: Node): string[] {
  const roles = Object.entries(node.metadata.labels ?? {}).flatMap(([label, value]) => {
    if (label.startsWith(ROLE_PREFIX)) return [label.slice(ROLE_PREFIX.length)];
    return label === ROLE_LABEL ? [value] : [];
  });
  return roles.filter((role) => role !== "").sort();
}

function addressOf(node: Node, type: string): string | undefined {
  return node.status?.addresses?.find((address) => address.type === type)?.address;
}

function orUnknown(text: string | undefined): string {
  return text === undefined || text === "" ? "<unknown>" : text;
}

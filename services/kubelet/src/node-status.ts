import {
  type Condition,
  type Draft,
  HOSTNAME_LABEL,
  isAlreadyExists,
  Kinds,
  type Node,
  type NodeStatus,
  type Taint,
} from "@kubehop/api";
import type { RestClient } from "@kubehop/client";
import { toTime } from "./time.ts";

/** What is known of the node. */
export interface NodeDescription {
  readonly name: string;
  readonly ips: readonly string[];
  readonly podCidrs: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  readonly port: number;
  readonly capacity: Readonly<Record<string, string>>;
  /** Of the container runtime: its name and version, and why it cannot be used. */
  readonly runtime: {
    readonly name: string;
    version(): string;
    problem(): { readonly since: number; readonly message: string } | undefined;
  };
  /** Pods that say nothing of it are not put on this node. */
  readonly taint?: Taint;
  /** From uname and os-release. */
  readonly kernelVersion: string;
  readonly osImage: string;
  /** e.g. "amd64", as Go names architectures. */
  readonly architecture: string;
  readonly machineId: string;
  readonly bootId: string;
}

/** That of the API server: no kubelet may be newer than it (the policy of version skew). */
const KUBELET_VERSION = "v1.32.0+kubehop";

/** What a healthy node says of itself: type, status, reason, message (pkg/kubelet/nodestatus). */
const CONDITIONS = [
  [
    "MemoryPressure",
    "False",
    "KubeletHasSufficientMemory",
    "kubelet has sufficient memory available",
  ],
  ["DiskPressure", "False", "KubeletHasNoDiskPressure", "kubelet has no disk pressure"],
  ["PIDPressure", "False", "KubeletHasSufficientPID", "kubelet has sufficient PID available"],
  ["Ready", "True", "KubeletReady", "kubelet is posting ready status"],
] as const;

/** The Node object as the kubelet creates it. */
export function nodeDraft(node: NodeDescription): Draft<Node> {
  const [podCIDR] = node.podCidrs;
  return {
    apiVersion: "v1",
    kind: "Node",
    metadata: { name: node.name, labels: nodeLabels(node) },
    spec: {
      ...(podCIDR === undefined ? {} : { podCIDR, podCIDRs: [...node.podCidrs] }),
      ...(node.taint === undefined ? {} : { taints: [node.taint] }),
    },
  };
}

/** The status of a node that is well; conditions keep the time of their last change. */
export function nodeStatus(node: NodeDescription, previous: NodeStatus, now: number): NodeStatus {
  const time = toTime(now);
  const conditions = conditionsOf(node, now).map(([type, status, reason, message]): Condition => {
    const before = previous.conditions?.find((condition) => condition.type === type);
    const since = before?.status === status ? before.lastTransitionTime : undefined;
    const lastTransitionTime = since ?? time;
    return { type, status, lastHeartbeatTime: time, lastTransitionTime, reason, message };
  });
  return {
    capacity: { ...node.capacity },
    allocatable: { ...node.capacity },
    conditions,
    addresses: [
      ...node.ips.map((address) => ({ type: "InternalIP" as const, address })),
      { type: "Hostname", address: node.name },
    ],
    daemonEndpoints: { kubeletEndpoint: { Port: node.port } },
    nodeInfo: {
      machineID: node.machineId,
      systemUUID: node.machineId,
      bootID: node.bootId,
      kernelVersion: node.kernelVersion,
      osImage: node.osImage,
      containerRuntimeVersion: `${node.runtime.name}://${node.runtime.version()}`,
      kubeletVersion: KUBELET_VERSION,
      kubeProxyVersion: "",
      operatingSystem: "linux",
      architecture: node.architecture,
    },
  };
}

/**
 * Creates the Node object or brings its labels and pod CIDRs up to date, then writes its status.
 * Rejects as RestClient does.
 */
export async function registerNode(
  rest: RestClient,
  node: NodeDescription,
  now: () => number,
): Promise<Node> {
  const registered = await createOrPatch(rest, node);
  const status = nodeStatus(node, registered.status ?? {}, now());
  return rest.patch(
    Kinds.Node,
    { name: node.name },
    { type: "merge", body: { status } },
    { subresource: "status" },
  );
}

async function createOrPatch(rest: RestClient, node: NodeDescription): Promise<Node> {
  const draft = nodeDraft(node);
  try {
    return await rest.create(Kinds.Node, draft);
  } catch (error) {
    if (!isAlreadyExists(error)) throw error;
  }
  // Taints are the node controller's once the node is there.
  const { taints: _ours, ...spec } = draft.spec;
  const body = { metadata: { labels: draft.metadata.labels }, spec };
  return rest.patch(Kinds.Node, { name: node.name }, { type: "merge", body });
}

/** A runtime that was away this long makes the node unready (pkg/kubelet maxWaitForContainerRuntime). */
const RUNTIME_GRACE_MS = 30_000;

type ConditionRow = readonly [
  type: string,
  status: Condition["status"],
  reason: string,
  message: string,
];

function conditionsOf({ runtime }: NodeDescription, now: number): readonly ConditionRow[] {
  const problem = runtime.problem();
  if (problem === undefined || now - problem.since < RUNTIME_GRACE_MS) return CONDITIONS;
  const message = `container runtime is down: ${problem.message}`;
  return CONDITIONS.map((row): ConditionRow =>
    row[0] === "Ready" ? ["Ready", "False", "KubeletNotReady", message] : row,
  );
}

function nodeLabels(node: NodeDescription): Record<string, string> {
  const { architecture } = node;
  return {
    "beta.kubernetes.io/arch": architecture,
    "beta.kubernetes.io/os": "linux",
    "kubernetes.io/arch": architecture,
    "kubernetes.io/os": "linux",
    [HOSTNAME_LABEL]: node.name,
    ...node.labels,
  };
}

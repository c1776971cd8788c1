import { ConditionsSchema, type Condition } from "../meta/condition.ts";
import { typeAndMeta, type ObjectMeta } from "../meta/object-meta.ts";
import {
  bool,
  freeForm,
  int32,
  int64,
  list,
  map,
  object,
  quantity,
  text,
  time,
  type FreeForm,
  type SchemaOf,
} from "../schema.ts";

/** A machine that runs pods. */
export type Node = {
  apiVersion: string;
  kind: string;
  metadata: ObjectMeta;
  spec: NodeSpec;
  status?: NodeStatus;
};

/** Desired state of a Node. */
export interface NodeSpec {
  podCIDR?: string;
  podCIDRs?: string[];
  providerID?: string;
  unschedulable?: boolean;
  taints?: Taint[];
  configSource?: FreeForm;
  externalID?: string;
}

/** What a taint does to pods that do not tolerate it. */
export type TaintEffect = "NoSchedule" | "PreferNoSchedule" | "NoExecute";

/** Keeps pods away from a Node. */
export interface Taint {
  key: string;
  value?: string;
  effect: TaintEffect;
  timeAdded?: string;
}

/** One address of a Node. */
export interface NodeAddress {
  type: "Hostname" | "InternalIP" | "ExternalIP" | "InternalDNS" | "ExternalDNS";
  address: string;
}

/** Names and versions of what runs on a Node. */
export interface NodeSystemInfo {
  machineID?: string;
  systemUUID?: string;
  bootID?: string;
  kernelVersion?: string;
  osImage?: string;
  containerRuntimeVersion?: string;
  kubeletVersion?: string;
  kubeProxyVersion?: string;
  operatingSystem?: string;
  architecture?: string;
  swap?: FreeForm;
}

/** State of a Node, as its kubelet reports it. */
export interface NodeStatus {
  capacity?: Record<string, string>;
  allocatable?: Record<string, string>;
  phase?: string;
  conditions?: Condition[];
  addresses?: NodeAddress[];
  daemonEndpoints?: NodeDaemonEndpoints;
  nodeInfo?: NodeSystemInfo;
  images?: ContainerImage[];
  volumesInUse?: string[];
  volumesAttached?: FreeForm[];
  config?: FreeForm;
  runtimeHandlers?: FreeForm[];
  features?: FreeForm;
}

/** Where a Node's kubelet listens. */
export interface NodeDaemonEndpoints {
  kubeletEndpoint?: DaemonEndpoint;
}

/** A port on the Node's address. */
export interface DaemonEndpoint {
  Port: number;
}

/** An image on a Node. */
export interface ContainerImage {
  names?: string[];
  sizeBytes?: number;
}

const TaintSchema: SchemaOf<Taint> = object<Taint>(
  "Taint",
  "Keeps pods away that do not tolerate it.",
  {
    key: text("Key of the taint."),
    value: text("Value of the taint."),
    effect: text("NoSchedule, PreferNoSchedule or NoExecute."),
    timeAdded: time("When a NoExecute taint was added."),
  },
  ["key", "effect"],
);

const NodeSpecSchema: SchemaOf<NodeSpec> = object<NodeSpec>(
  "NodeSpec",
  "Desired state of the Node.",
  {
    podCIDR: text("Range of the addresses of its pods."),
    podCIDRs: list(text(""), "Ranges of its pods, one for each IP family.", {
      patchStrategy: "merge",
      listType: "set",
    }),
    providerID: text("Name of the machine at its provider."),
    unschedulable: bool("No new pods are assigned to it."),
    taints: list(TaintSchema, "What keeps pods away.", { listType: "atomic" }),
    configSource: freeForm("Deprecated; ignored."),
    externalID: text("Deprecated; ignored."),
  },
);

const NodeSystemInfoSchema: SchemaOf<NodeSystemInfo> = object<NodeSystemInfo>(
  "NodeSystemInfo",
  "Names and versions of what runs on the Node.",
  {
    machineID: text("ID of the machine."),
    systemUUID: text("UUID of the machine."),
    bootID: text("ID of this boot."),
    kernelVersion: text("Version of the kernel."),
    osImage: text("Name of the operating system."),
    containerRuntimeVersion: text("Name and version of the pod runtime."),
    kubeletVersion: text("Version of the kubelet."),
    kubeProxyVersion: text("Deprecated."),
    operatingSystem: text("linux."),
    architecture: text("Architecture, as Go names it."),
    swap: freeForm("Swap of the machine."),
  },
);

const NodeAddressSchema: SchemaOf<NodeAddress> = object<NodeAddress>(
  "NodeAddress",
  "An address of the Node.",
  { type: text("Hostname, InternalIP, ExternalIP …"), address: text("The address.") },
  ["type", "address"],
);

const NodeStatusSchema: SchemaOf<NodeStatus> = object<NodeStatus>(
  "NodeStatus",
  "State of the Node.",
  {
    capacity: map(quantity(""), "What the machine has."),
    allocatable: map(quantity(""), "What pods may have of it."),
    phase: text("Deprecated."),
    conditions: ConditionsSchema,
    addresses: list(NodeAddressSchema, "Addresses of the Node.", {
      mergeKey: "type",
      patchStrategy: "merge",
      listType: "map",
      mapKeys: ["type"],
    }),
    daemonEndpoints: object<NodeDaemonEndpoints>("NodeDaemonEndpoints", "Ports of daemons.", {
      kubeletEndpoint: object<DaemonEndpoint>(
        "DaemonEndpoint",
        "Where the kubelet listens.",
        { Port: int32("Port on the address of the Node.") },
        ["Port"],
      ),
    }),
    nodeInfo: NodeSystemInfoSchema,
    images: list(
      object<ContainerImage>("ContainerImage", "An image on the Node.", {
        names: list(text(""), "Names of the image.", { listType: "atomic" }),
        sizeBytes: int64("Size in bytes."),
      }),
      "Images on the Node.",
      { listType: "atomic" },
    ),
    volumesInUse: list(text(""), "Attachable volumes in use.", { listType: "atomic" }),
    volumesAttached: list(freeForm(""), "Volumes attached.", { listType: "atomic" }),
    config: freeForm("Deprecated."),
    runtimeHandlers: list(freeForm(""), "Runtime handlers.", { listType: "atomic" }),
    features: freeForm("Features of the runtime."),
  },
);

/** Schema of Node. */
export const NodeSchema: SchemaOf<Node> = object<Node>("Node", "A machine that runs pods.", {
  ...typeAndMeta,
  spec: NodeSpecSchema,
  status: NodeStatusSchema,
});

import { ConditionsSchema, type Condition } from "../meta/condition.ts";
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
  type ListOptions,
  type SchemaOf,
} from "../schema.ts";
import { ResourceRequirementsSchema, type ResourceRequirements } from "./container.ts";

/** Where a pod is in its life. */
export type PodPhase = "Pending" | "Running" | "Succeeded" | "Failed" | "Unknown";

/** State of a pod, as its kubelet reports it. */
export interface PodStatus {
  observedGeneration?: number;
  phase?: PodPhase;
  conditions?: Condition[];
  message?: string;
  reason?: string;
  nominatedNodeName?: string;
  hostIP?: string;
  hostIPs?: HostIP[];
  podIP?: string;
  podIPs?: PodIP[];
  startTime?: string;
  initContainerStatuses?: ContainerStatus[];
  containerStatuses?: ContainerStatus[];
  ephemeralContainerStatuses?: ContainerStatus[];
  qosClass?: "Guaranteed" | "Burstable" | "BestEffort";
  resize?: string;
  resourceClaimStatuses?: FreeForm[];
  extendedResourceClaimStatus?: FreeForm;
}

/** An address of the pod. */
export interface PodIP {
  ip: string;
}

/** An address of the pod's node. */
export interface HostIP {
  ip: string;
}

/** State of one container. */
export interface ContainerStatus {
  name: string;
  state?: ContainerState;
  lastState?: ContainerState;
  ready: boolean;
  restartCount: number;
  image?: string;
  imageID?: string;
  containerID?: string;
  started?: boolean;
  allocatedResources?: Record<string, string>;
  resources?: ResourceRequirements;
  volumeMounts?: FreeForm[];
  user?: FreeForm;
  allocatedResourcesStatus?: FreeForm[];
  stopSignal?: string;
}

/** Exactly one is set; none means waiting. */
export interface ContainerState {
  waiting?: ContainerStateWaiting;
  running?: ContainerStateRunning;
  terminated?: ContainerStateTerminated;
}

/** Not started yet, or between two starts. */
export interface ContainerStateWaiting {
  reason?: string;
  message?: string;
}

/** Runs. */
export interface ContainerStateRunning {
  startedAt?: string;
}

/** Has ended. */
export interface ContainerStateTerminated {
  exitCode: number;
  signal?: number;
  reason?: string;
  message?: string;
  startedAt?: string;
  finishedAt?: string;
  containerID?: string;
}

const byIp: ListOptions = {
  mergeKey: "ip",
  patchStrategy: "merge",
  listType: "map",
  mapKeys: ["ip"],
};
const atomic: ListOptions = { listType: "atomic" };

const ContainerStateSchema: SchemaOf<ContainerState> = object<ContainerState>(
  "ContainerState",
  "Waiting, running or terminated.",
  {
    waiting: object<ContainerStateWaiting>("ContainerStateWaiting", "It does not run yet.", {
      reason: text("One word."),
      message: text("A sentence."),
    }),
    running: object<ContainerStateRunning>("ContainerStateRunning", "It runs.", {
      startedAt: time("Since when."),
    }),
    terminated: object<ContainerStateTerminated>(
      "ContainerStateTerminated",
      "It has ended.",
      {
        exitCode: int32("Its exit code."),
        signal: int32("The signal that ended it."),
        reason: text("One word."),
        message: text("Its last words."),
        startedAt: time("When it started."),
        finishedAt: time("When it ended."),
        containerID: text("Its ID."),
      },
      ["exitCode"],
    ),
  },
);

const ContainerStatusSchema: SchemaOf<ContainerStatus> = object<ContainerStatus>(
  "ContainerStatus",
  "State of a container.",
  {
    name: text("Name of the container."),
    state: ContainerStateSchema,
    lastState: ContainerStateSchema,
    ready: bool("Its readiness probe succeeds."),
    restartCount: int32("How often it was started again."),
    image: text("The image."),
    imageID: text("ID of the image."),
    containerID: text("Its ID, <runtime>://<id>."),
    started: bool("Its startup probe has succeeded."),
    allocatedResources: map(quantity(""), "What the node gave it."),
    resources: ResourceRequirementsSchema,
    volumeMounts: list(freeForm(""), "Its mounts.", {
      mergeKey: "mountPath",
      patchStrategy: "merge",
      listType: "map",
      mapKeys: ["mountPath"],
    }),
    user: freeForm("The user it runs as."),
    allocatedResourcesStatus: list(freeForm(""), "State of its devices.", {
      mergeKey: "name",
      patchStrategy: "merge",
      listType: "map",
      mapKeys: ["name"],
    }),
    stopSignal: text("The signal that ends it."),
  },
  ["name", "ready", "restartCount"],
);

/** Schema of PodStatus. */
export const PodStatusSchema: SchemaOf<PodStatus> = object<PodStatus>(
  "PodStatus",
  "State of the pod.",
  {
    observedGeneration: int64("The generation the status was computed from."),
    phase: text("Pending, Running, Succeeded, Failed or Unknown."),
    conditions: ConditionsSchema,
    message: text("A sentence about the state."),
    reason: text("One word for the state."),
    nominatedNodeName: text("The node preemption makes room on."),
    hostIP: text("Address of its node."),
    hostIPs: list(
      object<HostIP>("HostIP", "An address.", { ip: text("The IP.") }, ["ip"]),
      "Addresses of its node.",
      byIp,
    ),
    podIP: text("Its address."),
    podIPs: list(
      object<PodIP>("PodIP", "An address.", { ip: text("The IP.") }, ["ip"]),
      "Its addresses, one for each IP family.",
      byIp,
    ),
    startTime: time("When its kubelet accepted it."),
    initContainerStatuses: list(ContainerStatusSchema, "State of init containers.", atomic),
    containerStatuses: list(ContainerStatusSchema, "State of containers.", atomic),
    ephemeralContainerStatuses: list(ContainerStatusSchema, "State of debuggers.", atomic),
    qosClass: text("Guaranteed, Burstable or BestEffort."),
    resize: text("State of a resize."),
    resourceClaimStatuses: list(freeForm(""), "State of its claims.", {
      mergeKey: "name",
      patchStrategy: "merge,retainKeys",
      listType: "map",
      mapKeys: ["name"],
    }),
    extendedResourceClaimStatus: freeForm("State of its extended claims."),
  },
);

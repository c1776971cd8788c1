import {
  bool,
  freeForm,
  int32,
  list,
  map,
  object,
  quantity,
  text,
  withDefault,
  type Fields,
  type FreeForm,
  type SchemaOf,
} from "../schema.ts";
import { EnvFromSchema, EnvVarSchema, type EnvFromSource, type EnvVar } from "./env.ts";
import { LifecycleSchema, ProbeSchema, type Lifecycle, type Probe } from "./probe.ts";
import type { Protocol } from "./service.ts";

/** When an image is fetched. */
export type PullPolicy = "Always" | "IfNotPresent" | "Never";

/** One program of a pod. */
export interface Container {
  name: string;
  image?: string;
  command?: string[];
  args?: string[];
  workingDir?: string;
  ports?: ContainerPort[];
  envFrom?: EnvFromSource[];
  env?: EnvVar[];
  resources?: ResourceRequirements;
  resizePolicy?: FreeForm[];
  /** `Always` makes an init container a sidecar. */
  restartPolicy?: string;
  restartPolicyRules?: FreeForm[];
  volumeMounts?: VolumeMount[];
  volumeDevices?: FreeForm[];
  livenessProbe?: Probe;
  readinessProbe?: Probe;
  startupProbe?: Probe;
  lifecycle?: Lifecycle;
  terminationMessagePath?: string;
  terminationMessagePolicy?: string;
  imagePullPolicy?: PullPolicy;
  securityContext?: FreeForm;
  stdin?: boolean;
  stdinOnce?: boolean;
  tty?: boolean;
}

/** A container that is added to a pod that runs, to look into it (KEP-277); never restarted. */
export interface EphemeralContainer extends Container {
  /** The container whose processes it is to see. */
  targetContainerName?: string;
}

/** A port a container listens on. */
export interface ContainerPort {
  name?: string;
  hostPort?: number;
  containerPort: number;
  protocol?: Protocol;
  hostIP?: string;
}

/** What a container needs and may use. */
export interface ResourceRequirements {
  limits?: Record<string, string>;
  requests?: Record<string, string>;
  claims?: FreeForm[];
}

/** Where a volume appears in a container. */
export interface VolumeMount {
  name: string;
  readOnly?: boolean;
  recursiveReadOnly?: string;
  mountPath: string;
  subPath?: string;
  mountPropagation?: string;
  subPathExpr?: string;
}

/** Schema of ResourceRequirements. */
export const ResourceRequirementsSchema: SchemaOf<ResourceRequirements> =
  object<ResourceRequirements>("ResourceRequirements", "What it needs and may use.", {
    limits: map(quantity(""), "At most this."),
    requests: map(quantity(""), "At least this."),
    claims: list(freeForm(""), "Resource claims.", { listType: "map", mapKeys: ["name"] }),
  });

const ContainerPortSchema: SchemaOf<ContainerPort> = object<ContainerPort>(
  "ContainerPort",
  "A port the container listens on.",
  {
    name: text("Name that Services and probes can use."),
    hostPort: int32("Port on the node."),
    containerPort: int32("Port on the pod IP."),
    protocol: withDefault(text<Protocol>("TCP, UDP or SCTP; default TCP."), "TCP"),
    hostIP: text("Address on the node."),
  },
  ["containerPort"],
);

const VolumeMountSchema: SchemaOf<VolumeMount> = object<VolumeMount>(
  "VolumeMount",
  "Where a volume appears in the container.",
  {
    name: text("Name of the volume."),
    readOnly: bool("Mounted read-only."),
    recursiveReadOnly: text("Whether mounts below are read-only too."),
    mountPath: text("Path in the container."),
    subPath: text("Path in the volume."),
    mountPropagation: text("How mounts propagate."),
    subPathExpr: text("Path in the volume, with variables."),
  },
  ["name", "mountPath"],
);

const CONTAINER_FIELDS: Fields<Container> = {
  name: text("Name, a DNS-1123 label."),
  image: text("The image."),
  command: list(text(""), "Replaces the entry point of the image.", { listType: "atomic" }),
  args: list(text(""), "Arguments of the entry point.", { listType: "atomic" }),
  workingDir: text("Working directory."),
  ports: list(ContainerPortSchema, "Ports it listens on.", {
    mergeKey: "containerPort",
    patchStrategy: "merge",
    listType: "map",
    mapKeys: ["containerPort", "protocol"],
  }),
  envFrom: list(EnvFromSchema, "Sources of environment variables.", { listType: "atomic" }),
  env: list(EnvVarSchema, "Environment variables.", byKey("name")),
  resources: ResourceRequirementsSchema,
  resizePolicy: list(freeForm(""), "How resources change.", { listType: "atomic" }),
  restartPolicy: text("Always makes an init container a sidecar."),
  restartPolicyRules: list(freeForm(""), "Rules by exit code.", { listType: "atomic" }),
  volumeMounts: list(VolumeMountSchema, "Where volumes appear.", byKey("mountPath")),
  volumeDevices: list(freeForm(""), "Raw block devices.", byKey("devicePath")),
  livenessProbe: ProbeSchema,
  readinessProbe: ProbeSchema,
  startupProbe: ProbeSchema,
  lifecycle: LifecycleSchema,
  terminationMessagePath: text("File of the last words; default /dev/termination-log."),
  terminationMessagePolicy: text("File or FallbackToLogsOnError."),
  imagePullPolicy: text("Always, IfNotPresent or Never."),
  securityContext: freeForm("Privileges of the container."),
  stdin: bool("Keep standard input open."),
  stdinOnce: bool("Close it after the first client."),
  tty: bool("Give it a terminal."),
};

/** Schema of Container. */
export const ContainerSchema: SchemaOf<Container> = object<Container>(
  "Container",
  "One program of a pod.",
  CONTAINER_FIELDS,
  ["name"],
);

/** Schema of EphemeralContainer. */
export const EphemeralContainerSchema: SchemaOf<EphemeralContainer> = object<EphemeralContainer>(
  "EphemeralContainer",
  "A container added to a running pod, to look into it.",
  {
    ...CONTAINER_FIELDS,
    targetContainerName: text("Container whose processes it is to see."),
  },
  ["name"],
);

function byKey(key: string): {
  mergeKey: string;
  patchStrategy: "merge";
  listType: "map";
  mapKeys: string[];
} {
  return { mergeKey: key, patchStrategy: "merge", listType: "map", mapKeys: [key] };
}

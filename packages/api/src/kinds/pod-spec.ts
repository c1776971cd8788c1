import { LabelSelectorSchema, type LabelSelector } from "../meta/condition.ts";
import { ObjectMetaSchema, type ObjectMeta } from "../meta/object-meta.ts";
import {
  atomicMap,
  bool,
  freeForm,
  int32,
  int64,
  list,
  map,
  object,
  quantity,
  text,
  type FreeForm,
  type ListOptions,
  type SchemaOf,
} from "../schema.ts";
import {
  ContainerSchema,
  EphemeralContainerSchema,
  ResourceRequirementsSchema,
} from "./container.ts";
import type { Container, EphemeralContainer, ResourceRequirements } from "./container.ts";
import { LocalObjectReferenceSchema, type LocalObjectReference } from "./object-reference.ts";
import { VolumeSchema, type Volume } from "./volume.ts";

/** Whether ended containers are started again. */
export type RestartPolicy = "Always" | "OnFailure" | "Never";
/** Where a pod's resolv.conf comes from. */
export type DNSPolicy = "ClusterFirst" | "ClusterFirstWithHostNet" | "Default" | "None";

/** Desired state of a pod. */
export interface PodSpec {
  volumes?: Volume[];
  initContainers?: Container[];
  containers: Container[];
  ephemeralContainers?: EphemeralContainer[];
  restartPolicy?: RestartPolicy;
  terminationGracePeriodSeconds?: number;
  activeDeadlineSeconds?: number;
  dnsPolicy?: DNSPolicy;
  nodeSelector?: Record<string, string>;
  serviceAccountName?: string;
  serviceAccount?: string;
  automountServiceAccountToken?: boolean;
  nodeName?: string;
  hostNetwork?: boolean;
  hostPID?: boolean;
  hostIPC?: boolean;
  shareProcessNamespace?: boolean;
  securityContext?: FreeForm;
  imagePullSecrets?: LocalObjectReference[];
  hostname?: string;
  hostnameOverride?: string;
  subdomain?: string;
  affinity?: FreeForm;
  schedulerName?: string;
  tolerations?: Toleration[];
  hostAliases?: HostAlias[];
  priorityClassName?: string;
  priority?: number;
  dnsConfig?: PodDNSConfig;
  readinessGates?: PodReadinessGate[];
  runtimeClassName?: string;
  enableServiceLinks?: boolean;
  preemptionPolicy?: string;
  overhead?: Record<string, string>;
  topologySpreadConstraints?: TopologySpreadConstraint[];
  setHostnameAsFQDN?: boolean;
  os?: FreeForm;
  hostUsers?: boolean;
  schedulingGates?: FreeForm[];
  resourceClaims?: FreeForm[];
  resources?: ResourceRequirements;
}

/** The pods a controller makes. */
export interface PodTemplateSpec {
  /** Labels, annotations …; a template has no name of its own. */
  metadata?: Partial<ObjectMeta>;
  spec: PodSpec;
}

/** A taint the pod accepts. */
export interface Toleration {
  key?: string;
  operator?: "Exists" | "Equal";
  value?: string;
  effect?: "NoSchedule" | "PreferNoSchedule" | "NoExecute";
  tolerationSeconds?: number;
}

/** Lines of the pod's /etc/hosts. */
export interface HostAlias {
  ip: string;
  hostnames?: string[];
}

/** Changes to the pod's resolv.conf. */
export interface PodDNSConfig {
  nameservers?: string[];
  searches?: string[];
  options?: PodDNSConfigOption[];
}

/** An option of resolv.conf. */
export interface PodDNSConfigOption {
  name?: string;
  value?: string;
}

/** A condition without which the pod is not ready. */
export interface PodReadinessGate {
  conditionType: string;
}

/** How pods spread over zones or nodes. */
export interface TopologySpreadConstraint {
  maxSkew: number;
  topologyKey: string;
  whenUnsatisfiable: string;
  labelSelector?: LabelSelector;
  minDomains?: number;
  nodeAffinityPolicy?: string;
  nodeTaintsPolicy?: string;
  matchLabelKeys?: string[];
}

const byName: ListOptions = {
  mergeKey: "name",
  patchStrategy: "merge",
  listType: "map",
  mapKeys: ["name"],
};
const atomic: ListOptions = { listType: "atomic" };

const TolerationSchema: SchemaOf<Toleration> = object<Toleration>(
  "Toleration",
  "A taint the pod accepts.",
  {
    key: text("Key of the taint; empty with Exists means all."),
    operator: text("Exists or Equal; default Equal."),
    value: text("Value of the taint."),
    effect: text("Effect of the taint; empty means all."),
    tolerationSeconds: int64("How long a NoExecute taint is tolerated."),
  },
);

const HostAliasSchema: SchemaOf<HostAlias> = object<HostAlias>(
  "HostAlias",
  "A line of /etc/hosts.",
  { ip: text("The address."), hostnames: list(text(""), "Its names.", atomic) },
  ["ip"],
);

const PodDNSConfigSchema: SchemaOf<PodDNSConfig> = object<PodDNSConfig>(
  "PodDNSConfig",
  "Additions to resolv.conf.",
  {
    nameservers: list(text(""), "Name servers.", atomic),
    searches: list(text(""), "Search domains.", atomic),
    options: list(
      object<PodDNSConfigOption>("PodDNSConfigOption", "An option.", {
        name: text("Its name."),
        value: text("Its value."),
      }),
      "Options.",
      atomic,
    ),
  },
);

const TopologySpreadConstraintSchema: SchemaOf<TopologySpreadConstraint> =
  object<TopologySpreadConstraint>(
    "TopologySpreadConstraint",
    "How pods spread.",
    {
      maxSkew: int32("Largest difference between domains."),
      topologyKey: text("Node label whose values are the domains."),
      whenUnsatisfiable: text("DoNotSchedule or ScheduleAnyway."),
      labelSelector: LabelSelectorSchema,
      minDomains: int32("Least number of domains."),
      nodeAffinityPolicy: text("Honor or Ignore."),
      nodeTaintsPolicy: text("Honor or Ignore."),
      matchLabelKeys: list(text(""), "Labels whose values must be equal.", atomic),
    },
    ["maxSkew", "topologyKey", "whenUnsatisfiable"],
  );

/** Schema of PodSpec. */
export const PodSpecSchema: SchemaOf<PodSpec> = object<PodSpec>(
  "PodSpec",
  "Desired state of the pod.",
  {
    volumes: list(VolumeSchema, "Files for its containers.", {
      ...byName,
      patchStrategy: "merge,retainKeys",
    }),
    initContainers: list(ContainerSchema, "Run one after the other before the others.", byName),
    containers: list(ContainerSchema, "Its programs; at least one.", byName),
    ephemeralContainers: list(EphemeralContainerSchema, "Containers added for debugging.", byName),
    restartPolicy: text("Always, OnFailure or Never; default Always."),
    terminationGracePeriodSeconds: int64("Seconds from SIGTERM to SIGKILL; default 30."),
    activeDeadlineSeconds: int64("Seconds after which the pod fails."),
    dnsPolicy: text("Where resolv.conf comes from; default ClusterFirst."),
    nodeSelector: atomicMap(text(""), "Labels its node must have."),
    serviceAccountName: text('Its ServiceAccount; default "default".'),
    serviceAccount: text("Deprecated alias of serviceAccountName."),
    automountServiceAccountToken: bool("Whether a token is mounted."),
    nodeName: text("The node it is assigned to."),
    hostNetwork: bool("Use the node's network."),
    hostPID: bool("Use the node's process space."),
    hostIPC: bool("Use the node's IPC space."),
    shareProcessNamespace: bool("Its containers see each other."),
    securityContext: freeForm("Privileges of the pod."),
    imagePullSecrets: list(LocalObjectReferenceSchema, "Secrets to pull images with.", byName),
    hostname: text("Its host name; default its name."),
    hostnameOverride: text("Host name that wins over all."),
    subdomain: text("Headless Service below which it has a DNS name."),
    affinity: freeForm("Which nodes and neighbours it prefers."),
    schedulerName: text("Who assigns it; default default-scheduler."),
    tolerations: list(TolerationSchema, "Taints it accepts.", atomic),
    hostAliases: list(HostAliasSchema, "Lines of /etc/hosts.", {
      mergeKey: "ip",
      patchStrategy: "merge",
      listType: "map",
      mapKeys: ["ip"],
    }),
    priorityClassName: text("Its priority, by name."),
    priority: int32("Its priority."),
    dnsConfig: PodDNSConfigSchema,
    readinessGates: list(
      object<PodReadinessGate>(
        "PodReadinessGate",
        "A condition readiness needs.",
        { conditionType: text("Type of the condition.") },
        ["conditionType"],
      ),
      "Conditions without which it is not ready.",
      atomic,
    ),
    runtimeClassName: text("Its runtime class."),
    enableServiceLinks: bool("Environment variables for Services; default true."),
    preemptionPolicy: text("Never or PreemptLowerPriority."),
    overhead: map(quantity(""), "What the runtime itself needs."),
    topologySpreadConstraints: list(
      TopologySpreadConstraintSchema,
      "How it spreads with its likes.",
      {
        mergeKey: "topologyKey",
        patchStrategy: "merge",
        listType: "map",
        mapKeys: ["topologyKey", "whenUnsatisfiable"],
      },
    ),
    setHostnameAsFQDN: bool("Host name is the full DNS name."),
    os: freeForm("Its operating system."),
    hostUsers: bool("Use the node's user space."),
    schedulingGates: list(freeForm(""), "What scheduling waits for.", byName),
    resourceClaims: list(freeForm(""), "Its resource claims.", {
      ...byName,
      patchStrategy: "merge,retainKeys",
    }),
    resources: ResourceRequirementsSchema,
  },
  ["containers"],
);

/** Schema of PodTemplateSpec. */
export const PodTemplateSpecSchema: SchemaOf<PodTemplateSpec> = object<PodTemplateSpec>(
  "PodTemplateSpec",
  "The pods to make.",
  { metadata: ObjectMetaSchema, spec: PodSpecSchema },
);

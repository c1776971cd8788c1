import { ConfigMapSchema, type ConfigMap } from "./config-map.ts";
import { ControllerRevisionSchema, type ControllerRevision } from "./controller-revision.ts";
import { CronJobSchema, type CronJob } from "./cron-job.ts";
import {
  CustomResourceDefinitionSchema,
  type CustomResourceDefinition,
} from "./custom-resource-definition.ts";
import { DaemonSetSchema, type DaemonSet } from "./daemon-set.ts";
import { DeploymentSchema, type Deployment } from "./deployment.ts";
import { EndpointSliceSchema, type EndpointSlice } from "./endpoint-slice.ts";
import { EndpointsSchema, type Endpoints } from "./endpoints.ts";
import { EventSchema, type Event } from "./event.ts";
import {
  HorizontalPodAutoscalerSchema,
  type HorizontalPodAutoscaler,
} from "./horizontal-pod-autoscaler.ts";
import { IngressClassSchema, type IngressClass } from "./ingress-class.ts";
import { IngressSchema, type Ingress } from "./ingress.ts";
import { IPAddressSchema, type IPAddress } from "./ip-address.ts";
import { JobSchema, type Job } from "./job.ts";
import { apiVersionOf, type Kind } from "./kind.ts";
import { LeaseSchema, type Lease } from "./lease.ts";
import { NamespaceSchema, type Namespace } from "./namespace.ts";
import { NetworkPolicySchema, type NetworkPolicy } from "./network-policy.ts";
import { NodeSchema, type Node } from "./node.ts";
import { PodDisruptionBudgetSchema, type PodDisruptionBudget } from "./pod-disruption-budget.ts";
import { PodSchema, type Pod } from "./pod.ts";
import {
  ClusterRoleBindingSchema,
  ClusterRoleSchema,
  RoleBindingSchema,
  RoleSchema,
  type ClusterRole,
  type ClusterRoleBinding,
  type Role,
  type RoleBinding,
} from "./rbac.ts";
import { ReplicaSetSchema, type ReplicaSet } from "./replica-set.ts";
import {
  ReplicationControllerSchema,
  type ReplicationController,
} from "./replication-controller.ts";
import { row } from "./row.ts";
import { SecretSchema, type Secret } from "./secret.ts";
import { ServiceAccountSchema, type ServiceAccount } from "./service-account.ts";
import { ServiceCIDRSchema, type ServiceCIDR } from "./service-cidr.ts";
import { ServiceSchema, type Service } from "./service.ts";
import { StatefulSetSchema, type StatefulSet } from "./stateful-set.ts";

/** Kind names and the type of their objects. */
export interface KindTypes {
  Namespace: Namespace;
  Node: Node;
  Pod: Pod;
  Service: Service;
  EndpointSlice: EndpointSlice;
  Endpoints: Endpoints;
  ConfigMap: ConfigMap;
  Secret: Secret;
  ServiceAccount: ServiceAccount;
  Deployment: Deployment;
  ReplicaSet: ReplicaSet;
  StatefulSet: StatefulSet;
  ControllerRevision: ControllerRevision;
  Lease: Lease;
  Event: Event;
  IPAddress: IPAddress;
  ServiceCIDR: ServiceCIDR;
  DaemonSet: DaemonSet;
  ReplicationController: ReplicationController;
  Job: Job;
  CronJob: CronJob;
  HorizontalPodAutoscaler: HorizontalPodAutoscaler;
  PodDisruptionBudget: PodDisruptionBudget;
  Ingress: Ingress;
  IngressClass: IngressClass;
  NetworkPolicy: NetworkPolicy;
  Role: Role;
  ClusterRole: ClusterRole;
  RoleBinding: RoleBinding;
  ClusterRoleBinding: ClusterRoleBinding;
  CustomResourceDefinition: CustomResourceDefinition;
}

const APIEXTENSIONS = "apiextensions.k8s.io/v1";
const APPS = "apps/v1";
const AUTOSCALING = "autoscaling/v2";
const BATCH = "batch/v1";
const COORDINATION = "coordination.k8s.io/v1";
const DISCOVERY = "discovery.k8s.io/v1";
const NETWORKING = "networking.k8s.io/v1";
const POLICY = "policy/v1";
const RBAC = "rbac.authorization.k8s.io/v1";

const cluster = { namespaced: false };
const withStatus = { status: true };
const inAll = { categories: ["all"], status: true };
const workload = { categories: ["all"], status: true, scale: true, generation: true };
const counted = { generation: true };
const observed = { status: true, generation: true };
const observedInAll = { categories: ["all"], ...observed };

/** THE table of kinds: routes, discovery, OpenAPI, storage keys and clients follow from it. */
export const Kinds: { readonly [K in keyof KindTypes]: Kind<KindTypes[K]> } = {
  Namespace: row("v1", ["namespaces", "ns"], NamespaceSchema, { ...cluster, ...withStatus }),
  Node: row("v1", ["nodes", "no"], NodeSchema, { ...cluster, ...withStatus }),
  Pod: row("v1", ["pods", "po"], PodSchema, inAll),
  Service: row("v1", ["services", "svc"], ServiceSchema, inAll),
  EndpointSlice: row(DISCOVERY, ["endpointslices"], EndpointSliceSchema, counted),
  Endpoints: row("v1", ["endpoints", "ep"], EndpointsSchema),
  ConfigMap: row("v1", ["configmaps", "cm"], ConfigMapSchema),
  Secret: row("v1", ["secrets"], SecretSchema),
  ServiceAccount: row("v1", ["serviceaccounts", "sa"], ServiceAccountSchema),
  Deployment: row(APPS, ["deployments", "deploy"], DeploymentSchema, workload),
  ReplicaSet: row(APPS, ["replicasets", "rs"], ReplicaSetSchema, workload),
  StatefulSet: row(APPS, ["statefulsets", "sts"], StatefulSetSchema, workload),
  ControllerRevision: row(APPS, ["controllerrevisions"], ControllerRevisionSchema),
  Lease: row(COORDINATION, ["leases"], LeaseSchema),
  Event: row("v1", ["events", "ev"], EventSchema),
  IPAddress: row(NETWORKING, ["ipaddresses", "ip"], IPAddressSchema, cluster),
  ServiceCIDR: row(NETWORKING, ["servicecidrs"], ServiceCIDRSchema, {
    ...cluster,
    ...withStatus,
  }),
  DaemonSet: row(APPS, ["daemonsets", "ds"], DaemonSetSchema, observedInAll),
  ReplicationController: row(
    "v1",
    ["replicationcontrollers", "rc"],
    ReplicationControllerSchema,
    workload,
  ),
  Job: row(BATCH, ["jobs"], JobSchema, observedInAll),
  CronJob: row(BATCH, ["cronjobs", "cj"], CronJobSchema, observedInAll),
  HorizontalPodAutoscaler: row(
    AUTOSCALING,
    ["horizontalpodautoscalers", "hpa"],
    HorizontalPodAutoscalerSchema,
    inAll,
  ),
  PodDisruptionBudget: row(
    POLICY,
    ["poddisruptionbudgets", "pdb"],
    PodDisruptionBudgetSchema,
    observed,
  ),
  Ingress: row(NETWORKING, ["ingresses", "ing"], IngressSchema, observed),
  IngressClass: row(NETWORKING, ["ingressclasses"], IngressClassSchema, { ...cluster, ...counted }),
  NetworkPolicy: row(NETWORKING, ["networkpolicies", "netpol"], NetworkPolicySchema, counted),
  Role: row(RBAC, ["roles"], RoleSchema),
  ClusterRole: row(RBAC, ["clusterroles"], ClusterRoleSchema, cluster),
  RoleBinding: row(RBAC, ["rolebindings"], RoleBindingSchema),
  ClusterRoleBinding: row(RBAC, ["clusterrolebindings"], ClusterRoleBindingSchema, cluster),
  CustomResourceDefinition: row(
    APIEXTENSIONS,
    ["customresourcedefinitions", "crd", "crds"],
    CustomResourceDefinitionSchema,
    { ...cluster, ...observed, categories: ["api-extensions"] },
  ),
};

const byKind = new Map<string, Kind>();
const byPlural = new Map<string, Kind>();
for (const kind of Object.values(Kinds) as Kind[]) {
  byKind.set(`${apiVersionOf(kind)}/${kind.kind}`, kind);
  byPlural.set(`${kind.group}/${kind.version}/${kind.plural}`, kind);
}

/** The kind that an object names, e.g. ('apps/v1', 'Deployment'); undefined when unknown. */
export function kindOf(apiVersion: string, kind: string): Kind | undefined {
  return byKind.get(`${apiVersion}/${kind}`);
}

/** The kind behind a path, e.g. ('apps', 'v1', 'deployments'); undefined when unknown. */
export function kindByPlural(group: string, version: string, plural: string): Kind | undefined {
  return byPlural.get(`${group}/${version}/${plural}`);
}

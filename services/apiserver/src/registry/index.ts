import { Kinds, type IPFamily, type Kind } from "@kubehop/api";
import { customStrategy } from "../custom-resources/custom-strategy.ts";
import { customResourceDefinitionStrategy } from "../custom-resources/definition-strategy.ts";
import { configMapStrategy } from "./config-map.ts";
import { controllerRevisionStrategy } from "./controller-revision.ts";
import { cronJobStrategy } from "./cron-job.ts";
import { daemonSetStrategy } from "./daemon-set.ts";
import { deploymentStrategy, replicaSetStrategy } from "./deployment.ts";
import { endpointSliceStrategy } from "./endpoint-slice.ts";
import { endpointsStrategy } from "./endpoints.ts";
import { eventStrategy } from "./event.ts";
import { horizontalPodAutoscalerStrategy } from "./horizontal-pod-autoscaler.ts";
import { ingressClassStrategy, ingressStrategy } from "./ingress.ts";
import { ipAddressStrategy, serviceCidrStrategy } from "./ip-address.ts";
import { jobStrategy } from "./job.ts";
import { leaseStrategy } from "./lease.ts";
import { namespaceStrategy } from "./namespace.ts";
import { networkPolicyStrategy } from "./network-policy.ts";
import { nodeStrategy } from "./node.ts";
import { podDisruptionBudgetStrategy } from "./pod-disruption-budget.ts";
import { podStrategy } from "./pod.ts";
import {
  clusterRoleBindingStrategy,
  clusterRoleStrategy,
  roleBindingStrategy,
  roleStrategy,
} from "./rbac.ts";
import { replicationControllerStrategy } from "./replication-controller.ts";
import { secretStrategy } from "./secret.ts";
import { createServiceStrategy } from "./service.ts";
import { statefulSetStrategy } from "./stateful-set.ts";
import { createStrategy, type Strategy } from "./strategy.ts";

/** What the strategies must know of the cluster. */
export interface StrategyOptions {
  /** IP families the cluster has Service ranges for, the default one first. */
  readonly ipFamilies: readonly IPFamily[];
}

/** The strategies of all kinds; a kind without rules of its own gets the generic one. */
export function createStrategies(options: StrategyOptions): (kind: Kind) => Strategy {
  const own: { readonly [K in keyof typeof Kinds]?: unknown } = {
    Namespace: namespaceStrategy,
    Node: nodeStrategy,
    Pod: podStrategy,
    Service: createServiceStrategy(options.ipFamilies),
    EndpointSlice: endpointSliceStrategy,
    Endpoints: endpointsStrategy,
    ConfigMap: configMapStrategy,
    ControllerRevision: controllerRevisionStrategy,
    Secret: secretStrategy,
    Deployment: deploymentStrategy,
    ReplicaSet: replicaSetStrategy,
    StatefulSet: statefulSetStrategy,
    Lease: leaseStrategy,
    Event: eventStrategy,
    IPAddress: ipAddressStrategy,
    ServiceCIDR: serviceCidrStrategy,
    DaemonSet: daemonSetStrategy,
    ReplicationController: replicationControllerStrategy,
    Job: jobStrategy,
    CronJob: cronJobStrategy,
    HorizontalPodAutoscaler: horizontalPodAutoscalerStrategy,
    PodDisruptionBudget: podDisruptionBudgetStrategy,
    Ingress: ingressStrategy,
    IngressClass: ingressClassStrategy,
    NetworkPolicy: networkPolicyStrategy,
    Role: roleStrategy,
    ClusterRole: clusterRoleStrategy,
    RoleBinding: roleBindingStrategy,
    ClusterRoleBinding: clusterRoleBindingStrategy,
    CustomResourceDefinition: customResourceDefinitionStrategy,
  };
  const strategies = new Map<string, Strategy>();
  for (const [name, kind] of Object.entries(Kinds) as [keyof typeof Kinds, Kind][]) {
    strategies.set(name, (own[name] as Strategy | undefined) ?? createStrategy(kind));
  }
  return (kind) => customStrategy(kind) ?? strategies.get(kind.kind) ?? createStrategy(kind);
}

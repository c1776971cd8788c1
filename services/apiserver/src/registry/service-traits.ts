import type { Service } from "@kubehop/api";

/** Whether it is reached by a name alone. */
export function isExternalName({ spec }: Service): boolean {
  return spec.type === "ExternalName";
}

/** Whether it has a name but no address. */
export function isHeadless({ spec }: Service): boolean {
  return spec.clusterIP === "None" || spec.clusterIPs?.[0] === "None";
}

/** Whether its endpoints are somebody else's business: headless and without a selector. */
export function isBareHeadless(service: Service): boolean {
  return isHeadless(service) && Object.keys(service.spec.selector ?? {}).length === 0;
}

/** Whether it has (or, when headless, could have) a cluster IP. */
export function needsClusterIP(service: Service): boolean {
  return !isExternalName(service);
}

/** Whether each of its ports gets a node port. */
export function needsNodePort({ spec }: Service): boolean {
  if (spec.type === "NodePort") return true;
  return spec.type === "LoadBalancer" && spec.allocateLoadBalancerNodePorts !== false;
}

/** Whether a load balancer outside the cluster forwards to it. */
export function isLoadBalancer({ spec }: Service): boolean {
  return spec.type === "LoadBalancer";
}

/** Whether a load balancer checks its nodes' health. */
export function needsHealthCheckNodePort({ spec }: Service): boolean {
  return spec.type === "LoadBalancer" && spec.externalTrafficPolicy === "Local";
}

/** Whether traffic from outside the cluster can reach it. */
export function isExternallyAccessible({ spec }: Service): boolean {
  if (spec.type === "NodePort" || spec.type === "LoadBalancer") return true;
  return spec.type === "ClusterIP" && (spec.externalIPs ?? []).length > 0;
}

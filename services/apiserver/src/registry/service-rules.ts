import {
  forbiddenField,
  invalidValue,
  isDNS1123Subdomain,
  isQualifiedName,
  notSupported,
  required,
  type IPFamily,
  type Service,
  type ServiceSpec,
  type StatusCause,
} from "@kubehop/api";
import { parseCidr } from "@kubehop/kit/addresses";
import { checkedText, oneOf, requiredOneOf, requiredText } from "./common-rules.ts";
import { nonSpecialIpCauses } from "./ip-rules.ts";
import { labelCauses } from "./object-meta.ts";
import { clusterIPCauses, familiesCauses } from "./service-address-rules.ts";
import { portsCauses } from "./service-port-rules.ts";
import {
  isExternallyAccessible,
  isExternalName,
  needsHealthCheckNodePort,
} from "./service-traits.ts";

const TYPES = ["ClusterIP", "NodePort", "LoadBalancer", "ExternalName"];
const POLICIES = ["Cluster", "Local"];
const DISTRIBUTIONS = ["PreferClose", "PreferSameZone", "PreferSameNode"];
const MAX_AFFINITY_SECONDS = 86_400;

/** Rules of a Service (pkg/apis/core/validation ValidateService); `families` are the cluster's. */
export function serviceCauses(service: Service, families: readonly IPFamily[]): StatusCause[] {
  const { spec } = service;
  return [
    ...portsCauses(service),
    ...labelCauses("spec.selector", spec.selector),
    ...requiredOneOf("spec.type", spec.type, TYPES),
    ...clusterIPCauses(service),
    ...familiesCauses(service, families),
    ...affinityCauses(spec),
    ...(spec.externalIPs ?? []).flatMap((ip, index) =>
      nonSpecialIpCauses(`spec.externalIPs[${index}]`, ip),
    ),
    ...externalNameCauses(service),
    ...trafficCauses(service),
    ...loadBalancerCauses(spec),
  ];
}

function affinityCauses({ sessionAffinity, sessionAffinityConfig }: ServiceSpec): StatusCause[] {
  const field = "spec.sessionAffinityConfig";
  const causes = requiredOneOf("spec.sessionAffinity", sessionAffinity, ["ClientIP", "None"]);
  if (sessionAffinity === "None" && sessionAffinityConfig !== undefined) {
    const why = "must not be set when session affinity is None";
    causes.push(forbiddenField(field, why));
  }
  const seconds = sessionAffinityConfig?.clientIP?.timeoutSeconds;
  if (sessionAffinity !== "ClientIP" || seconds === undefined) return causes;
  if (seconds > 0 && seconds <= MAX_AFFINITY_SECONDS) return causes;
  const why = `must be greater than 0 and less than ${MAX_AFFINITY_SECONDS}`;
  return [...causes, invalidValue(`${field}.clientIP.timeoutSeconds`, seconds, why)];
}

function externalNameCauses(service: Service): StatusCause[] {
  if (!isExternalName(service)) return [];
  const { externalName = "" } = service.spec;
  // One trailing dot says that the name is complete.
  return requiredText("spec.externalName", externalName.replace(/\.$/, ""), isDNS1123Subdomain);
}

function trafficCauses(service: Service): StatusCause[] {
  const { externalTrafficPolicy, internalTrafficPolicy, healthCheckNodePort } = service.spec;
  const { trafficDistribution } = service.spec;
  const causes: StatusCause[] = [];
  if (isExternallyAccessible(service)) {
    const field = "spec.externalTrafficPolicy";
    causes.push(...requiredOneOf(field, externalTrafficPolicy, POLICIES));
  } else if (externalTrafficPolicy !== undefined) {
    const why = "may only be set for externally-accessible services";
    causes.push(invalidValue("spec.externalTrafficPolicy", externalTrafficPolicy, why));
  }
  if (!isExternalName(service)) {
    causes.push(...requiredOneOf("spec.internalTrafficPolicy", internalTrafficPolicy, POLICIES));
  }
  if (healthCheckNodePort !== undefined && !needsHealthCheckNodePort(service)) {
    const why =
      "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'";
    causes.push(invalidValue("spec.healthCheckNodePort", healthCheckNodePort, why));
  }
  causes.push(...oneOf("spec.trafficDistribution", trafficDistribution, DISTRIBUTIONS));
  return causes;
}

function loadBalancerCauses(spec: ServiceSpec): StatusCause[] {
  const ranges = spec.loadBalancerSourceRanges ?? [];
  const isLoadBalancer = spec.type === "LoadBalancer";
  const why = "may only be used when `type` is 'LoadBalancer'";
  const causes: StatusCause[] = [];
  if (!isLoadBalancer && ranges.length > 0) {
    causes.push(forbiddenField("spec.loadBalancerSourceRanges", why));
  }
  ranges.forEach((range, index) => {
    if (parseCidr(range.trim()) !== undefined) return;
    const bad = "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)";
    causes.push(invalidValue(`spec.loadBalancerSourceRanges[${index}]`, range, bad));
  });
  if (!isLoadBalancer && spec.loadBalancerClass !== undefined) {
    causes.push(forbiddenField("spec.loadBalancerClass", why));
  }
  if (!isLoadBalancer && spec.allocateLoadBalancerNodePorts !== undefined) {
    causes.push(forbiddenField("spec.allocateLoadBalancerNodePorts", why));
  }
  if (isLoadBalancer && spec.allocateLoadBalancerNodePorts === undefined) {
    causes.push(required("spec.allocateLoadBalancerNodePorts"));
  }
  causes.push(...checkedText("spec.loadBalancerClass", spec.loadBalancerClass, isQualifiedName));
  return causes;
}

/** Rules of the status: what a load balancer may report. */
export function serviceStatusCauses({ spec, status }: Service): StatusCause[] {
  const ingress = status?.loadBalancer?.ingress ?? [];
  const field = "status.loadBalancer.ingress";
  if (spec.type !== "LoadBalancer" && ingress.length > 0) {
    return [forbiddenField(field, "may only be used when `spec.type` is 'LoadBalancer'")];
  }
  return ingress.flatMap(({ ip, hostname, ipMode }, index) => {
    const at = `${field}[${index}]`;
    const causes = ip === undefined ? [] : nonSpecialIpCauses(`${at}.ip`, ip);
    if (ip !== undefined && ipMode === undefined) {
      causes.push(required(`${at}.ipMode`, "must be specified when `ip` is set"));
    }
    if (ip === undefined && ipMode !== undefined) {
      causes.push(forbiddenField(`${at}.ipMode`, "may not be specified when `ip` is not set"));
    }
    if (ipMode !== undefined && !["VIP", "Proxy"].includes(ipMode)) {
      causes.push(notSupported(`${at}.ipMode`, ipMode, ["VIP", "Proxy"]));
    }
    causes.push(...checkedText(`${at}.hostname`, hostname, isDNS1123Subdomain));
    return causes;
  });
}

import type { IPFamily, Service, ServicePort, ServiceSpec } from "@kubehop/api";
import { familyOf } from "@kubehop/kit/addresses";
import { setDefaults, setOrDelete } from "./defaults.ts";
import {
  isBareHeadless,
  isExternallyAccessible,
  isExternalName,
  needsClusterIP,
} from "./service-traits.ts";

/** Three hours, as upstream. */
const AFFINITY_SECONDS = 10_800;

/** Fills in a Service's spec (pkg/apis/core/v1/defaults.go SetDefaults_Service). */
export function setServiceDefaults(service: Service): void {
  service.spec ??= {};
  const { spec } = service;
  dropEmpty(spec);
  setDefaults(spec, { type: "ClusterIP", sessionAffinity: "None" });
  if (spec.sessionAffinity === "None") delete spec.sessionAffinityConfig;
  if (spec.sessionAffinity === "ClientIP") setAffinityDefaults(spec);
  for (const port of spec.ports ?? []) setPortDefaults(port);
  if (isExternallyAccessible(service)) setDefaults(spec, { externalTrafficPolicy: "Cluster" });
  if (isExternalName(service)) delete spec.internalTrafficPolicy;
  else setDefaults(spec, { internalTrafficPolicy: "Cluster" });
  if (spec.type === "LoadBalancer") setDefaults(spec, { allocateLoadBalancerNodePorts: true });
  setStatusDefaults(service);
}

function setStatusDefaults({ status }: Service): void {
  for (const ingress of status?.loadBalancer?.ingress ?? []) {
    if ((ingress.ip ?? "") !== "") setDefaults(ingress, { ipMode: "VIP" });
  }
}

/** An address comes from `clusterIP`, from `clusterIPs`, or from the old Service. */
export function normalizeClusterIPs(service: Service, old: Service | undefined): void {
  const { spec } = service;
  if (spec.clusterIP !== undefined && spec.clusterIPs === undefined) {
    spec.clusterIPs = [spec.clusterIP];
    return;
  }
  const before = old?.spec;
  const kept = isSame(before?.clusterIPs, spec.clusterIPs);
  if (before === undefined || !kept || spec.clusterIP === before.clusterIP) return;
  // Only clusterIP was edited: clusterIPs follows it.
  if (spec.clusterIP === undefined) delete spec.clusterIPs;
  else spec.clusterIPs = [spec.clusterIP, ...(spec.clusterIPs ?? []).slice(1)];
}

/**
 * Chooses the IP families of a Service: those of its addresses, then the cluster's default, then,
 * for a dual-stack policy, the cluster's other one. `families` are the cluster's, default first.
 */
export function setFamilyDefaults(
  service: Service,
  old: Service | undefined,
  families: readonly IPFamily[],
): void {
  if (isExternalName(service)) return;
  const { spec } = service;
  if (old !== undefined && needsClusterIP(old)) keepFamilies(spec, old.spec);
  const bare = isBareHeadless(service);
  setDefaults(spec, { ipFamilyPolicy: bare ? "RequireDualStack" : "SingleStack" });
  const [first = families[0], ...rest] = knownFamilies(spec);
  if (first === undefined) return;
  const other: IPFamily = first === "IPv4" ? "IPv6" : "IPv4";
  const wanted = spec.ipFamilyPolicy !== "SingleStack" && (bare || families.includes(other));
  const second = wanted ? [other] : [];
  spec.ipFamilies = [first, ...(rest.length > 0 ? rest : second)];
}

/** The families a Service names, completed from its addresses. */
function knownFamilies({ ipFamilies = [], clusterIPs = [] }: ServiceSpec): IPFamily[] {
  const length = Math.max(ipFamilies.length, clusterIPs.length);
  const families = Array.from(
    { length },
    (_, index) => ipFamilies[index] ?? familyOf(clusterIPs[index] ?? ""),
  );
  return families.filter((family) => family !== undefined);
}

/** An update that does not speak of families keeps them; going single-stack drops the second. */
function keepFamilies(spec: ServiceSpec, old: ServiceSpec): void {
  const { ipFamilyPolicy, ipFamilies, clusterIPs } = old;
  setDefaults(spec, structuredClone({ ...(ipFamilies && { ipFamilies }) }));
  setDefaults(spec, { ...(ipFamilyPolicy && { ipFamilyPolicy }) });
  if (spec.ipFamilyPolicy !== "SingleStack" || ipFamilyPolicy === "SingleStack") return;
  if (isSame(spec.clusterIPs, clusterIPs)) {
    setOrDelete(spec, "clusterIPs", clusterIPs?.slice(0, 1));
  }
  if (isSame(spec.ipFamilies, ipFamilies)) {
    setOrDelete(spec, "ipFamilies", ipFamilies?.slice(0, 1));
  }
}

function isSame(a: readonly string[] | undefined, b: readonly string[] | undefined): boolean {
  return a?.join() === b?.join();
}

function setPortDefaults(port: ServicePort): void {
  // Zero and empty count as absent, as in upstream's Go types.
  if (port.targetPort === 0 || port.targetPort === "") delete port.targetPort;
  if (port.nodePort === 0) delete port.nodePort;
  setDefaults(port, { protocol: "TCP", targetPort: port.port });
}

function setAffinityDefaults(spec: ServiceSpec): void {
  const timeoutSeconds = spec.sessionAffinityConfig?.clientIP?.timeoutSeconds ?? AFFINITY_SECONDS;
  spec.sessionAffinityConfig = { clientIP: { timeoutSeconds } };
}

/** Upstream's Go types do not tell empty from absent. */
function dropEmpty(spec: ServiceSpec): void {
  for (const name of ["clusterIP", "externalName", "healthCheckNodePort"] as const) {
    if (spec[name] === "" || spec[name] === 0) delete spec[name];
  }
  if (spec.clusterIPs?.every((ip) => ip === "") === true) delete spec.clusterIPs;
}

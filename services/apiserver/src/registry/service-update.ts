import type { Service, ServicePort, ServiceSpec } from "@kubehop/api";
import { isDeepStrictEqual } from "node:util";
import {
  isExternallyAccessible,
  isLoadBalancer,
  needsClusterIP,
  needsHealthCheckNodePort,
  needsNodePort,
} from "./service-traits.ts";

/**
 * An update that leaves out what was allocated keeps it: cluster IPs, node ports (by the port's
 * name) and the health check's node port (pkg/registry/core/service/storage patchAllocatedValues).
 */
export function keepAllocatedValues(next: Service, old: Service): void {
  if (needsClusterIP(old) && needsClusterIP(next)) keepClusterIPs(next, old);
  if (needsNodePort(old) && needsNodePort(next)) keepNodePorts(next, old);
  if (needsHealthCheckNodePort(old) && needsHealthCheckNodePort(next)) {
    const port = next.spec.healthCheckNodePort ?? old.spec.healthCheckNodePort;
    if (port !== undefined) next.spec.healthCheckNodePort = port;
  }
}

/** Fields that apply only to some Services; each group is dropped together. */
const DEPENDENT: readonly {
  readonly needs: (service: Service) => boolean;
  readonly groups: readonly (readonly (keyof ServiceSpec)[])[];
}[] = [
  { needs: needsClusterIP, groups: [["clusterIP", "clusterIPs"], ["ipFamilies"]] },
  { needs: needsClusterIP, groups: [["ipFamilyPolicy"]] },
  { needs: needsHealthCheckNodePort, groups: [["healthCheckNodePort"]] },
  { needs: isExternallyAccessible, groups: [["externalTrafficPolicy"]] },
  { needs: isLoadBalancer, groups: [["allocateLoadBalancerNodePorts"], ["loadBalancerClass"]] },
];

/**
 * A change of type takes away the fields that no longer apply, unless the user changed them, too
 * (pkg/registry/core/service/strategy.go dropTypeDependentFields).
 */
export function dropTypeDependentFields(next: Service, old: Service): void {
  for (const { needs, groups } of DEPENDENT) {
    if (!needs(old) || needs(next)) continue;
    for (const fields of groups) dropUnchanged(next, old, fields);
  }
  if (needsNodePort(old) && !needsNodePort(next) && nodePorts(next) === nodePorts(old)) {
    for (const port of next.spec.ports ?? []) delete port.nodePort;
  }
  if (isLoadBalancer(old) && !isLoadBalancer(next)) {
    next.status = { ...next.status, loadBalancer: {} };
  }
}

/** Removes fields together, when none of them was changed. */
function dropUnchanged(next: Service, old: Service, fields: readonly (keyof ServiceSpec)[]): void {
  if (fields.some((name) => !isDeepStrictEqual(next.spec[name], old.spec[name]))) return;
  for (const name of fields) delete next.spec[name];
}

function keepClusterIPs({ spec }: Service, old: Service): void {
  const { clusterIP, clusterIPs } = old.spec;
  if (spec.clusterIP === undefined && clusterIP !== undefined) spec.clusterIP = clusterIP;
  if (spec.clusterIPs !== undefined || clusterIPs === undefined) return;
  if (spec.clusterIP === clusterIP) spec.clusterIPs = [...clusterIPs];
}

function keepNodePorts(next: Service, old: Service): void {
  const before = old.spec.ports ?? [];
  const after = next.spec.ports ?? [];
  const asked = new Set(after.map((port) => port.nodePort));
  const used = new Set(before.map((port) => port.nodePort).filter((port) => asked.has(port)));
  const byName = new Map(before.map((port) => [port.name ?? "", port.nodePort]));
  for (const port of after) {
    if (port.nodePort !== undefined) continue;
    const known = byName.get(port.name ?? "");
    if (known === undefined || used.has(known)) continue;
    port.nodePort = known;
    used.add(known);
  }
}

function nodePorts({ spec }: Service): string {
  const numbers = (spec.ports ?? []).map(({ nodePort }: ServicePort) => nodePort ?? 0);
  return numbers.toSorted((a, b) => a - b).join();
}

import { type Container, parseQuantity, type Pod, type ResourceFieldSelector } from "@kubehop/api";

/** Addresses that a pod's fields can name. */
export interface PodAddresses {
  readonly podIps: readonly string[];
  readonly hostIps: readonly string[];
}

/**
 * The value of a field of the pod for fieldRef and downwardAPI (paths of
 * pkg/fieldpath/fieldpath.go). Throws an Error naming a path that is not supported.
 */
export function fieldValue(pod: Pod, path: string, addresses: PodAddresses): string {
  const subscript = /^metadata\.(labels|annotations)\['([^']+)'\]$/.exec(path);
  if (subscript !== null) {
    const [, map, key = ""] = subscript;
    return (map === "labels" ? pod.metadata.labels : pod.metadata.annotations)?.[key] ?? "";
  }
  const values: Record<string, string | undefined> = {
    "metadata.name": pod.metadata.name,
    "metadata.namespace": pod.metadata.namespace,
    "metadata.uid": pod.metadata.uid,
    "metadata.labels": formatMap(pod.metadata.labels),
    "metadata.annotations": formatMap(pod.metadata.annotations),
    "spec.nodeName": pod.spec.nodeName,
    "spec.serviceAccountName": pod.spec.serviceAccountName ?? "default",
    "status.hostIP": addresses.hostIps[0],
    "status.hostIPs": addresses.hostIps.join(","),
    "status.podIP": addresses.podIps[0],
    "status.podIPs": addresses.podIps.join(","),
  };
  if (!Object.hasOwn(values, path)) throw new Error(`unsupported fieldPath: ${path}`);
  return values[path] ?? "";
}

/**
 * A resource of a container for resourceFieldRef, divided by its divisor and rounded up; a limit
 * that is not set is the node's (`allocatable`). Throws an Error naming a resource it cannot read.
 */
export function resourceValue(
  container: Container,
  selector: ResourceFieldSelector,
  allocatable: Readonly<Record<string, string>>,
): string {
  const quantity = quantityOf(container, selector.resource, allocatable);
  const divisor = amount(selector.divisor ?? "1") || 1;
  return String(Math.ceil(amount(quantity) / divisor - 1e-9));
}

function quantityOf(
  container: Container,
  resource: string,
  allocatable: Readonly<Record<string, string>>,
): string {
  const [group = "", ...rest] = resource.split(".");
  const name = rest.join(".");
  const { limits = {}, requests = {} } = container.resources ?? {};
  if (group === "requests") return requests[name] ?? "0";
  const limit = group === "limits" ? (limits[name] ?? allocatable[name]) : undefined;
  if (limit === undefined) throw new Error(`unsupported container resource: ${resource}`);
  return limit;
}

/** A quantity ("100m", "64Mi") as a number. Throws an Error on anything else. */
function amount(text: string): number {
  const value = parseQuantity(text);
  if (value === undefined) throw new Error(`unable to parse quantity: ${text}`);
  return value;
}

/** Labels or annotations as a downward API file has them: `key="value"` lines in order. */
function formatMap(map: Readonly<Record<string, string>> | undefined): string {
  return Object.entries(map ?? {})
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => `${key}=${JSON.stringify(value)}`)
    .join("\n");
}

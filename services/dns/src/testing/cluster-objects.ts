import type { EndpointSlice, Namespace, Pod, Service, ServiceSpec } from "@kubehop/api";

/** `ns/name` as metadata. */
function metadata(key: string): { namespace: string; name: string } {
  const [namespace = "default", name = ""] = key.split("/");
  return { namespace, name };
}

/** A Namespace. */
export function namespace(name: string, labels: Record<string, string> = {}): Namespace {
  return { apiVersion: "v1", kind: "Namespace", metadata: { name, labels } };
}

/** A Service `ns/name`; one port http 80 and a cluster IP unless the spec says otherwise. */
export function service(
  key: string,
  spec: ServiceSpec,
  labels: Record<string, string> = {},
): Service {
  const ports = [{ name: "http", protocol: "TCP" as const, port: 80 }];
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: { ...metadata(key), labels },
    spec: { type: "ClusterIP", ports, ...spec },
  };
}

/** What a slice is made from. */
export interface SliceParts {
  readonly endpoints: EndpointSlice["endpoints"];
  readonly ports?: EndpointSlice["ports"];
  readonly addressType?: EndpointSlice["addressType"];
  readonly suffix?: string;
  readonly annotations?: Record<string, string>;
}

/** A slice of the Service `ns/name`; port http 8080 unless given. */
export function slice(key: string, parts: SliceParts): EndpointSlice {
  const { namespace: ns, name } = metadata(key);
  const { endpoints, addressType = "IPv4", suffix = "1", annotations = {} } = parts;
  return {
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    metadata: {
      namespace: ns,
      name: `${name}-${suffix}`,
      labels: { "kubernetes.io/service-name": name },
      annotations,
    },
    addressType,
    endpoints,
    ports: parts.ports ?? [{ name: "http", protocol: "TCP", port: 8080 }],
  };
}

/** A running pod `ns/name` with an address. */
export function pod(key: string, podIP: string, phase: "Running" | "Succeeded" = "Running"): Pod {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: metadata(key),
    spec: { containers: [] },
    status: { phase, podIP, podIPs: [{ ip: podIP }] },
  };
}

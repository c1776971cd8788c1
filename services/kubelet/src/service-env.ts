import type { Service } from "@kubehop/api";

/**
 * Environment variables for the Services a pod sees when a container starts: those of its
 * namespace, and always `default/kubernetes`. A Service without a cluster IP has none. Names and
 * values as pkg/kubelet/envvars (link style of Docker).
 */
export function serviceEnv(
  services: readonly Service[],
  namespace: string,
  enableServiceLinks: boolean,
): Record<string, string> {
  const seen = new Map<string, Service>();
  for (const service of services) {
    const { name, namespace: own } = service.metadata;
    const isApi = own === "default" && name === "kubernetes";
    if (!hasClusterIp(service)) continue;
    if (own === namespace && (enableServiceLinks || isApi)) seen.set(name, service);
    else if (isApi && !seen.has(name)) seen.set(name, service);
  }
  const env: Record<string, string> = {};
  for (const service of [...seen.values()].sort(byName)) addVariables(env, service);
  return env;
}

function addVariables(env: Record<string, string>, service: Service): void {
  const name = variableName(service.metadata.name);
  const ip = service.spec.clusterIP ?? "";
  const host = ip.includes(":") ? `[${ip}]` : ip;
  const ports = service.spec.ports ?? [];
  env[`${name}_SERVICE_HOST`] = ip;
  env[`${name}_SERVICE_PORT`] = String(ports[0]?.port ?? "");
  for (const port of ports) {
    if (port.name) env[`${name}_SERVICE_PORT_${variableName(port.name)}`] = String(port.port);
  }
  ports.forEach((port, index) => {
    const protocol = port.protocol ?? "TCP";
    const url = `${protocol.toLowerCase()}://${host}:${port.port}`;
    const prefix = `${name}_PORT_${port.port}_${protocol.toUpperCase()}`;
    if (index === 0) env[`${name}_PORT`] = url;
    env[prefix] = url;
    env[`${prefix}_PROTO`] = protocol.toLowerCase();
    env[`${prefix}_PORT`] = String(port.port);
    env[`${prefix}_ADDR`] = ip;
  });
}

function variableName(name: string): string {
  return name.toUpperCase().replaceAll("-", "_");
}

function hasClusterIp({ spec }: Service): boolean {
  return spec.clusterIP !== undefined && spec.clusterIP !== "" && spec.clusterIP !== "None";
}

function byName(a: Service, b: Service): number {
  return a.metadata.name < b.metadata.name ? -1 : 1;
}

import type { ServicePort } from "@kubehop/api";
import { buildTable, frontendKey, type Protocol, type ServiceTable } from "@kubehop/routing";
import { explainEndpoints, type PortView } from "./endpoints.ts";
import { toProxyNode } from "../proxy-node.ts";
import type { ExplainedCluster } from "./explained-cluster.ts";
import type { PortExplanation, ServiceExplanation, TableState } from "./explanation.ts";
import { findingsOf } from "./findings.ts";

/**
 * Explains where new connections to a Service go from a node: a pure function of what the cluster
 * holds, by the table that the node's kube-proxy builds from the same objects.
 */
export function explainService(cluster: ExplainedCluster, nodeName: string): ServiceExplanation {
  const { metadata, spec } = cluster.service;
  const { namespace = "", name } = metadata;
  const { externalName, selector } = spec;
  const ports = explainPorts(cluster, nodeName);
  const explanation = {
    service: {
      namespace,
      name,
      type: spec.type ?? "ClusterIP",
      clusterIPs: spec.clusterIPs ?? [],
      ...(selector !== undefined && { selector }),
      ...(externalName !== undefined && { externalName }),
    },
    node: nodeName,
    ports,
    tables: tablesOf(cluster),
  };
  return { ...explanation, findings: findingsOf(explanation, cluster) };
}

function explainPorts(cluster: ExplainedCluster, nodeName: string): PortExplanation[] {
  const { service, slices, nodes } = cluster;
  if (service.spec.type === "ExternalName") return [];
  const node = nodes.find(({ metadata }) => metadata.name === nodeName);
  const proxyNode = node === undefined ? { name: nodeName, addresses: [] } : toProxyNode(node);
  const table = buildTable([service], slices, proxyNode, "0");
  return (service.spec.ports ?? []).flatMap((port) =>
    frontendsOf(cluster).map((clusterIp) =>
      explainPort({ cluster, nodeName, table, port, clusterIp }),
    ),
  );
}

/** One per cluster IP; one per IP family of its slices for a headless Service. */
function frontendsOf({ service, slices }: ExplainedCluster): string[] {
  const { clusterIPs = [] } = service.spec;
  if (!clusterIPs.includes("None")) return [...clusterIPs];
  const families = new Set(slices.map(({ addressType }) => addressType));
  return families.has("IPv6") ? (families.has("IPv4") ? ["", "::"] : ["::"]) : [""];
}

interface PortContext {
  readonly cluster: ExplainedCluster;
  readonly nodeName: string;
  readonly table: ServiceTable;
  readonly port: ServicePort;
  readonly clusterIp: string;
}

function explainPort({ cluster, nodeName, table, port, clusterIp }: PortContext): PortExplanation {
  const { service, slices, pods } = cluster;
  const { protocol = "TCP", name = "", targetPort = port.port, nodePort = 0 } = port;
  const family = clusterIp.includes(":") ? "IPv6" : "IPv4";
  const { policy, drawn } = drawOf(table, frontendKey(protocol as Protocol, clusterIp, port.port));
  const view = { service, slices, pods, node: nodeName, port, family, policy } as const;
  return {
    name,
    protocol,
    port: port.port,
    targetPort,
    ...(nodePort > 0 && { nodePort }),
    family,
    policy,
    affinity: service.spec.sessionAffinity === "ClientIP",
    endpoints: explainEndpoints({ ...view, ...(drawn !== undefined && { drawn }) }),
  };
}

function drawOf(table: ServiceTable, key: string): Pick<PortView, "policy" | "drawn"> {
  const frontend = table.frontends.get(key);
  if (frontend === undefined) return { policy: "Cluster" };
  const { policy, service } = frontend;
  return { policy, drawn: policy === "Local" ? service.local : service.cluster };
}

/** A proxy is behind when the Service or a slice of it was written after what it serves. */
function tablesOf({ service, slices, nodes, proxies }: ExplainedCluster): TableState[] {
  const newest = Math.max(
    ...[service, ...slices].map(({ metadata }) => Number(metadata.resourceVersion ?? 0)),
  );
  return nodes.map(({ metadata }) => {
    const node = metadata.name;
    const resourceVersion = proxies.get(node);
    if (resourceVersion === undefined) return { node, state: "silent" };
    const state = Number(resourceVersion) < newest ? "stale" : "current";
    return { node, resourceVersion, state };
  });
}

import type { ClusterView } from "../../cluster/cluster-view.ts";
import { reverseAddress } from "../../corefile/reverse-zones.ts";
import type { MetadataReader, Query } from "../../query.ts";
import { matchZone } from "../../zones.ts";
import type { KubernetesOptions } from "./options.ts";
import { type ClusterName, parseClusterName } from "./parse-name.ts";

type Read = (name: ClusterName) => string | undefined;

/** Labels that tell the parts of a name (CoreDNS' kubernetes/…). */
const PARTS: Readonly<Record<string, Read>> = {
  "kubernetes/endpoint": ({ endpoint }) => endpoint,
  "kubernetes/kind": ({ root }) => root,
  "kubernetes/namespace": ({ namespace }) => namespace,
  "kubernetes/port-name": ({ port }) => port,
  "kubernetes/protocol": ({ protocol }) => protocol,
  "kubernetes/service": ({ service }) => service,
  "kubernetes/zone": ({ zonal }) => zonal?.zone,
};

/** What the plugin knows about a query: the parts of its name and, with `pods verified`, who asks. */
export function createMetadata(
  view: ClusterView,
  { zones, pods }: KubernetesOptions,
): MetadataReader {
  return (query, label) => {
    if (!label.startsWith("kubernetes/")) return undefined;
    const pod = pods === "verified" ? view.podAt(query.client.ip) : undefined;
    const [namespace, name] = pod?.split("/") ?? [];
    if (label === "kubernetes/client-namespace") return namespace;
    if (label === "kubernetes/client-pod-name") return name;
    const read = Object.hasOwn(PARTS, label) ? PARTS[label] : undefined;
    const parsed = read === undefined ? undefined : parse(query, zones);
    return parsed === undefined ? undefined : read?.(parsed);
  };
}

function parse(query: Query, zones: readonly string[]): ClusterName | undefined {
  const zone = matchZone(zones, query.name);
  if (zone === undefined || reverseAddress(query.name) !== undefined) return undefined;
  return parseClusterName(query.name, zone);
}

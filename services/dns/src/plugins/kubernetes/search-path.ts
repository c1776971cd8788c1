import { readFileSync } from "node:fs";
import type { ClusterView } from "../../cluster/cluster-view.ts";
import type { Query } from "../../query.ts";
import { matchZone } from "../../zones.ts";
import { searchDomains } from "../autopath.ts";
import type { KubernetesOptions } from "./options.ts";
import { joinZone } from "./records.ts";

const RESOLV_CONF = "/etc/resolv.conf";

/**
 * The search path that a kubelet gives a pod: its namespace's Services, all Services, the zone,
 * then the host's own domains and an empty entry. Only with `pods verified` it is known which pod
 * asks.
 */
export function createSearchPath(
  view: ClusterView,
  { zones, pods }: KubernetesOptions,
): (query: Query) => readonly string[] | undefined {
  if (pods !== "verified") return () => undefined;
  let host: readonly string[] | undefined;
  return (query) => {
    const zone = matchZone(zones, query.name);
    const namespace = view.podAt(query.client.ip)?.split("/")[0];
    if (zone === undefined || namespace === undefined) return undefined;
    host ??= hostDomains();
    return [joinZone(`${namespace}.svc`, zone), joinZone("svc", zone), zone, ...host, ""];
  };
}

function hostDomains(): readonly string[] {
  try {
    return searchDomains(readFileSync(RESOLV_CONF, "utf8"));
  } catch {
    // Without the file there are no domains of the host.
    return [];
  }
}

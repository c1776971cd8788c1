import { formatAddress, type Frontend, type ServiceTable } from "@kubehop/routing";
import { type RulesOptions, toContext } from "../rules-options.ts";
import { type ServiceView, viewServices } from "../service-view.ts";

/**
 * The virtual servers of kube-proxy's ipvs mode as `ipvsadm -R` reads them and `ipvsadm -S -n`
 * prints them. What that mode does with ipsets and iptables (masquerading, refusals) is not here.
 */
export function renderIpvs(table: ServiceTable, options: RulesOptions = {}): string {
  const views = viewServices(table, toContext(table, options));
  return [...views.flatMap(virtualServers), ""].join("\n");
}

function virtualServers(view: ServiceView): string[] {
  return [...view.clusterIps, ...view.externalIps, ...view.balancerIps, ...view.nodePorts].flatMap(
    (frontend) => virtualServer(view, frontend),
  );
}

/**
 * By the policy Local without an endpoint on this node, every endpoint serves, for pods of this
 * node: answers to outsiders would come from the pod's address and be of no use (upstream:
 * pkg/proxy/ipvs/proxier.go, syncEndpoint).
 */
function virtualServer(view: ServiceView, frontend: Frontend): string[] {
  const { cluster, local, affinitySeconds } = view;
  const endpoints = frontend.policy === "Local" && local.length > 0 ? local : cluster;
  const weighted = endpoints.some(({ weight }) => weight !== endpoints[0]?.weight);
  const at = `${view.protocol === "udp" ? "-u" : "-t"} ${formatAddress(frontend.ip, frontend.port)}`;
  const sticky = affinitySeconds === undefined ? "" : ` -p ${affinitySeconds}`;
  return [
    `-A ${at} -s ${weighted ? "wrr" : "rr"}${sticky}`,
    ...endpoints.map(({ key, weight }) => `-a ${at} -r ${key} -m -w ${weighted ? weight : 1}`),
  ];
}

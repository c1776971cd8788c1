import type { ServiceEndpoint } from "@kubehop/routing";
import type { RulesContext } from "../rules-options.ts";
import type { ServiceView } from "../service-view.ts";
import { acceptedSources } from "../source-ranges.ts";
import { endpointChain, serviceChains } from "./names.ts";
import { chancesOf } from "./probability.ts";
import { addressMatch, comment, protocolMatch, rule } from "./rule.ts";

/** A chain of table nat and its rules. */
export interface Chain {
  readonly name: string;
  readonly rules: readonly string[];
}

/** What the rules of a chain depend on beside the service port. */
export interface ChainContext extends RulesContext {
  /** In large clusters upstream leaves out the comments of endpoint rules. */
  readonly endpointComments: boolean;
}

/** The chains of table nat that belong to one service port. */
export function buildChains(view: ServiceView, context: ChainContext): Chain[] {
  const chains = serviceChains(view);
  const { cluster, local, endpoints, external } = view;
  const hasExternal = external.dispatched && isExternal(view);
  const limited = hasExternal && view.sourceRanges.length > 0 && view.balancerIps.length > 0;
  return [
    ...(hasExternal ? [{ name: chains.external, rules: externalRules(view, context) }] : []),
    ...(limited ? [{ name: chains.firewall, rules: firewallRules(view, context) }] : []),
    ...policyChain(view, { name: chains.cluster, policy: "Cluster", endpoints: cluster }, context),
    ...policyChain(view, { name: chains.local, policy: "Local", endpoints: local }, context),
    ...endpoints.map((endpoint) => ({
      name: endpointChain(view, endpoint.key),
      rules: endpointRules(view, endpoint, context),
    })),
  ];
}

function isExternal({ externalIps, balancerIps, nodePorts }: ServiceView): boolean {
  return externalIps.length + balancerIps.length + nodePorts.length > 0;
}

/**
 * By the policy Local, pods and the node itself are short-circuited to all endpoints, as if their
 * flow went out to a load balancer and came back.
 */
function externalRules(view: ServiceView, { clusterCidr }: ChainContext): string[] {
  const { name, cluster, local } = view;
  const chains = serviceChains(view);
  const add = (...parts: string[]): string => rule(chains.external, ...parts);
  const note = (text: string): string => comment(`${text} for ${name} external destinations`);
  if (view.external.policy === "Cluster") {
    const masquerade = add(note("masquerade traffic"), "-j KUBE-MARK-MASQ");
    return [masquerade, add(`-j ${chains.cluster}`)];
  }
  const everywhere = cluster.length > 0 ? chains.cluster : "RETURN";
  const fromNode = "-m addrtype --src-type LOCAL";
  const fromPods = `-s ${clusterCidr}`;
  return [
    ...(clusterCidr === undefined ? [] : [add(note("pod traffic"), fromPods, `-j ${everywhere}`)]),
    add(note("masquerade LOCAL traffic"), fromNode, "-j KUBE-MARK-MASQ"),
    add(note("route LOCAL traffic"), fromNode, `-j ${everywhere}`),
    ...(local.length > 0 ? [add(`-j ${chains.local}`)] : []),
  ];
}

function firewallRules(view: ServiceView, context: ChainContext): string[] {
  const { external, firewall } = serviceChains(view);
  const note = comment(`${view.name} loadbalancer IP`);
  const accept = (source: string): string => rule(firewall, note, `-s ${source}`, `-j ${external}`);
  const rest = `other traffic to ${view.name} will be dropped by KUBE-PROXY-FIREWALL`;
  return [...acceptedSources(view, context).map(accept), rule(firewall, comment(rest))];
}

interface PolicyChain {
  readonly name: string;
  readonly policy: "Cluster" | "Local";
  readonly endpoints: readonly ServiceEndpoint[];
}

/** The chain that draws an endpoint; none without endpoints. */
function policyChain(view: ServiceView, chain: PolicyChain, context: ChainContext): Chain[] {
  const { name, endpoints } = chain;
  if (endpoints.length === 0) return [];
  const internal = view.internal.policy === chain.policy;
  const to = ({ key }: ServiceEndpoint): [note: string, jump: string] => [
    context.endpointComments ? comment(`${view.name} -> ${key}`) : "",
    `-j ${endpointChain(view, key)}`,
  ];
  const sticky = view.affinitySeconds === undefined ? [] : endpoints;
  const rules = [
    ...(internal ? masqueradeRules(view, name, context) : []),
    ...sticky.map((endpoint) => {
      const [note, jump] = to(endpoint);
      const recent = `-m recent --name ${endpointChain(view, endpoint.key)} --rcheck`;
      return rule(name, note, recent, `--seconds ${view.affinitySeconds} --reap`, jump);
    }),
    ...chancesOf(endpoints).map(({ endpoint, probability }) => {
      const [note, jump] = to(endpoint);
      if (probability === undefined) return rule(name, note, jump);
      return rule(name, note, `-m statistic --mode random --probability ${probability}`, jump);
    }),
  ];
  return [{ name, rules }];
}

/** Flows from outside to a cluster IP get this node's address: the endpoint may be elsewhere. */
function masqueradeRules(view: ServiceView, chain: string, context: ChainContext): string[] {
  const { clusterCidr } = context;
  if (clusterCidr === undefined) return [];
  const note = comment(`${view.name} cluster IP`);
  return view.clusterIps.map((frontend) =>
    rule(chain, note, addressMatch(view, frontend), `! -s ${clusterCidr}`, "-j KUBE-MARK-MASQ"),
  );
}

/** An endpoint that calls itself through its Service needs another source, or would drop answers. */
function endpointRules(
  view: ServiceView,
  { key, ip }: ServiceEndpoint,
  context: ChainContext,
): string[] {
  const chain = endpointChain(view, key);
  const note = context.endpointComments ? comment(view.name) : "";
  const recent = view.affinitySeconds === undefined ? "" : `-m recent --name ${chain} --set`;
  return [
    rule(chain, note, `-s ${ip}`, "-j KUBE-MARK-MASQ"),
    rule(chain, note, recent, protocolMatch(view), `-j DNAT --to-destination ${key}`),
  ];
}

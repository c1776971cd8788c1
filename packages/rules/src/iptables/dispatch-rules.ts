import type { Frontend } from "@kubehop/routing";
import type { ServiceView } from "../service-view.ts";
import { serviceChains } from "./names.ts";
import { addressMatch, comment, protocolMatch, rule } from "./rule.ts";

/** The rules that send flows to a service port's addresses into its chains (table nat). */
export function dispatchRules(view: ServiceView): string[] {
  const { name, internal, external } = view;
  const chains = serviceChains(view);
  const policyChain = internal.policy === "Local" ? chains.local : chains.cluster;
  const to = (label: string, target: string) => (frontend: Frontend) => {
    const match = addressMatch(view, frontend);
    return rule("KUBE-SERVICES", comment(`${name} ${label}`), match, `-j ${target}`);
  };
  const inner = internal.dispatched ? view.clusterIps.map(to("cluster IP", policyChain)) : [];
  if (!external.dispatched) return inner;
  const balancer = view.sourceRanges.length > 0 ? chains.firewall : chains.external;
  return [
    ...inner,
    ...view.externalIps.map(to("external IP", chains.external)),
    ...view.balancerIps.map(to("loadbalancer IP", balancer)),
    ...nodePortNumber(view).map((port) =>
      rule(
        "KUBE-NODEPORTS",
        comment(name),
        `${protocolMatch(view)} --dport ${port}`,
        `-j ${chains.external}`,
      ),
    ),
  ];
}

/** The rules that refuse flows without an endpoint, and let health checks in (table filter). */
export function filterRules(view: ServiceView): string[] {
  return [
    ...refusalRules(view, "internal"),
    ...firewallRules(view),
    ...refusalRules(view, "external"),
    ...healthCheckRules(view),
  ];
}

function refusalRules(view: ServiceView, side: "internal" | "external"): string[] {
  const { refusal } = view[side];
  if (refusal === undefined) return [];
  const target = `-j ${refusal.toUpperCase()}`;
  const why = refusal === "drop" ? "has no local endpoints" : "has no endpoints";
  const note = comment(`${view.name} ${why}`);
  const refuse = (chain: string) => (frontend: Frontend) =>
    rule(chain, note, addressMatch(view, frontend), target);
  if (side === "internal") return view.clusterIps.map(refuse("KUBE-SERVICES"));
  const nodePort = (port: number): string => {
    const match = `-m addrtype --dst-type LOCAL ${protocolMatch(view)} --dport ${port}`;
    return rule("KUBE-EXTERNAL-SERVICES", note, match, target);
  };
  return [
    ...[...view.externalIps, ...view.balancerIps].map(refuse("KUBE-EXTERNAL-SERVICES")),
    ...nodePortNumber(view).map(nodePort),
  ];
}

/** What came out of the KUBE-FW chain without a new destination was not let in. */
function firewallRules(view: ServiceView): string[] {
  if (view.sourceRanges.length === 0 || !view.external.dispatched) return [];
  const note = `${view.name} traffic not accepted by ${serviceChains(view).firewall}`;
  return view.balancerIps.map((frontend) =>
    rule("KUBE-PROXY-FIREWALL", comment(note), addressMatch(view, frontend), "-j DROP"),
  );
}

function healthCheckRules({ name, healthCheckNodePort }: ServiceView): string[] {
  if (healthCheckNodePort === undefined) return [];
  const match = `-m tcp -p tcp --dport ${healthCheckNodePort}`;
  return [rule("KUBE-NODEPORTS", comment(`${name} health check node port`), match, "-j ACCEPT")];
}

/** The NodePort, once, whatever the number of node addresses it is offered on. */
function nodePortNumber({ nodePorts }: ServiceView): readonly number[] {
  return nodePorts.slice(0, 1).map(({ port }) => port);
}

import type { ServiceEndpoint } from "@kubehop/routing";
import type { RulesContext } from "../rules-options.ts";
import type { ServiceView } from "../service-view.ts";
import { acceptedSources } from "../source-ranges.ts";
import type { NftRule, NftStatement, NftVerdict } from "./command.ts";
import { endpointBase, serviceBase } from "./names.ts";
import { drawOf } from "./numgen.ts";

/** A chain and its rules. */
export interface NftChain {
  readonly name: string;
  readonly rules: readonly NftRule[];
}

/** The chains of one service port; those it goes to come before those that go there. */
export function buildChains(view: ServiceView, context: RulesContext): NftChain[] {
  const base = serviceBase(view);
  const { cluster, local, external, externalIps, balancerIps, nodePorts } = view;
  const isExternal = externalIps.length + balancerIps.length + nodePorts.length > 0;
  const policy = (name: string, endpoints: readonly ServiceEndpoint[]): NftChain[] =>
    endpoints.length === 0 ? [] : [{ name, rules: drawRules(view, endpoints) }];
  return [
    ...(view.affinitySeconds === undefined ? [] : view.endpoints.map(endpointChain(view))),
    ...policy(`service-${base}`, cluster),
    ...policy(`local-${base}`, local),
    ...(isExternal && external.dispatched
      ? [{ name: `external-${base}`, rules: externalRules(view, context) }]
      : []),
    ...(view.sourceRanges.length > 0 && balancerIps.length > 0
      ? [{ name: `firewall-${base}`, rules: [firewallRule(view, context)] }]
      : []),
  ];
}

/** A set of addresses that rules fill; each is forgotten so long after it was last seen. */
export interface NftSet {
  readonly name: string;
  readonly timeoutSeconds: number;
}

/** The sets in which each endpoint of a service port with affinity keeps its clients. */
export function affinitySets(view: ServiceView): NftSet[] {
  const { affinitySeconds } = view;
  if (affinitySeconds === undefined) return [];
  return view.endpoints.map((endpoint) => ({
    name: `affinity-${endpointBase(view, endpoint)}`,
    timeoutSeconds: affinitySeconds,
  }));
}

/** Without affinity the draw itself translates the destination; with it, chains remember. */
function drawRules(view: ServiceView, endpoints: readonly ServiceEndpoint[]): NftRule[] {
  const { protocol } = view;
  if (view.affinitySeconds === undefined) {
    const draw = drawOf(endpoints, ({ ip, port }) => ({ ip, port }));
    return [rule({ kind: "protocol", protocol }, { kind: "draw-target", draw })];
  }
  const chainOf = (endpoint: ServiceEndpoint): NftVerdict => ({
    goto: `endpoint-${endpointBase(view, endpoint)}`,
  });
  return [
    ...endpoints.map((endpoint) =>
      rule(
        { kind: "source-known", set: `affinity-${endpointBase(view, endpoint)}` },
        { kind: "verdict", verdict: chainOf(endpoint) },
      ),
    ),
    rule({ kind: "draw-verdict", draw: drawOf(endpoints, chainOf) }),
  ];
}

function endpointChain(view: ServiceView): (endpoint: ServiceEndpoint) => NftChain {
  const { protocol } = view;
  return (endpoint) => {
    const { ip, port } = endpoint;
    const base = endpointBase(view, endpoint);
    return {
      name: `endpoint-${base}`,
      rules: [
        rule({ kind: "remember-source", set: `affinity-${base}` }),
        rule({ kind: "protocol", protocol }, { kind: "translate", to: { ip, port } }),
      ],
    };
  };
}

/** By the policy Local, pods and the node itself are short-circuited to all endpoints. */
function externalRules(view: ServiceView, { clusterCidr }: RulesContext): NftRule[] {
  const base = serviceBase(view);
  const goto = (chain: string): NftStatement => ({ kind: "verdict", verdict: { goto: chain } });
  const mark = { kind: "mark" } as const;
  if (view.external.policy === "Cluster") return [rule(mark), rule(goto(`service-${base}`))];
  const everywhere: NftStatement =
    view.cluster.length > 0 ? goto(`service-${base}`) : { kind: "verdict", verdict: "return" };
  const fromNode = { kind: "source-local" } as const;
  const fromPods =
    clusterCidr === undefined
      ? []
      : [rule({ kind: "source-in", cidr: clusterCidr }, everywhere, "short-circuit pod traffic")];
  return [
    ...fromPods,
    rule(fromNode, mark, "masquerade local traffic"),
    rule(fromNode, everywhere, "short-circuit local traffic"),
    ...(view.local.length > 0 ? [rule(goto(`local-${base}`))] : []),
  ];
}

function firewallRule(view: ServiceView, context: RulesContext): NftRule {
  const ranges = acceptedSources(view, context);
  return rule({ kind: "source-outside", ranges }, { kind: "verdict", verdict: "drop" });
}

/** A rule of its statements; what is no statement is its comment. */
function rule(...parts: readonly (NftStatement | string)[]): NftRule {
  const comment = parts.find((part) => typeof part === "string");
  const statements = parts.filter((part) => typeof part !== "string");
  return comment === undefined ? { statements } : { statements, comment };
}

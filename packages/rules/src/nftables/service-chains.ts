import type { ServiceEndpoint } from "@kubehop/routing";
import type { RulesContext } from "../rules-options.ts";
import type { ServiceView } from "../service-view.ts";
import { acceptedSources } from "../source-ranges.ts";
import { type FamilyWords, wordsOf } from "./family-words.ts";
import { endpointBase, serviceBase } from "./names.ts";
import { numgenOf } from "./numgen.ts";
import { MARK_RULE } from "./shared-rules.ts";

/** A chain and its rules, without the words `add rule ip kube-proxy NAME`. */
export interface NftChain {
  readonly name: string;
  readonly rules: readonly string[];
}

/** The chains of one service port; those it goes to come before those that go there. */
export function buildChains(view: ServiceView, context: RulesContext): NftChain[] {
  const words = wordsOf(context.family);
  const base = serviceBase(view);
  const { cluster, local, external, externalIps, balancerIps, nodePorts } = view;
  const isExternal = externalIps.length + balancerIps.length + nodePorts.length > 0;
  const policy = (name: string, endpoints: readonly ServiceEndpoint[]): NftChain[] =>
    endpoints.length === 0 ? [] : [{ name, rules: drawRules(view, endpoints, words) }];
  return [
    ...(view.affinitySeconds === undefined ? [] : view.endpoints.map(endpointChain(view, words))),
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

/** A set, by name, and how it is declared. */
export interface NftSet {
  readonly name: string;
  readonly declaration: string;
}

/** The sets in which each endpoint of a service port with affinity keeps its clients. */
export function affinitySets(view: ServiceView, { family }: RulesContext): NftSet[] {
  const { affinitySeconds } = view;
  if (affinitySeconds === undefined) return [];
  const { address } = wordsOf(family);
  const declaration = `{ type ${address} ; flags dynamic,timeout ; timeout ${affinitySeconds}s ; }`;
  return view.endpoints.map((endpoint) => ({
    name: `affinity-${endpointBase(view, endpoint)}`,
    declaration,
  }));
}

/** Without affinity the draw itself translates the destination; with it, chains remember. */
function drawRules(
  view: ServiceView,
  endpoints: readonly ServiceEndpoint[],
  { ip }: FamilyWords,
): string[] {
  const { modulus, ranges } = numgenOf(endpoints);
  const draw = `numgen random mod ${modulus}`;
  if (view.affinitySeconds === undefined) {
    const pairs = ranges.map(
      ({ numbers, endpoint }) => `${numbers} : ${endpoint.ip} . ${endpoint.port}`,
    );
    return [`meta l4proto ${view.protocol} dnat ${ip} to ${draw} map { ${pairs.join(" , ")} }`];
  }
  const verdicts = ranges.map(
    ({ numbers, endpoint }) => `${numbers} : goto endpoint-${endpointBase(view, endpoint)}`,
  );
  return [
    ...endpoints.map((endpoint) => {
      const base = endpointBase(view, endpoint);
      return `${ip} saddr @affinity-${base} goto endpoint-${base}`;
    }),
    `${draw} vmap { ${verdicts.join(" , ")} }`,
  ];
}

function endpointChain(
  view: ServiceView,
  { ip }: FamilyWords,
): (endpoint: ServiceEndpoint) => NftChain {
  return (endpoint) => {
    const base = endpointBase(view, endpoint);
    return {
      name: `endpoint-${base}`,
      rules: [
        `update @affinity-${base} { ${ip} saddr }`,
        `meta l4proto ${view.protocol} dnat to ${endpoint.key}`,
      ],
    };
  };
}

/** By the policy Local, pods and the node itself are short-circuited to all endpoints. */
function externalRules(view: ServiceView, { family, clusterCidr }: RulesContext): string[] {
  const base = serviceBase(view);
  const { ip } = wordsOf(family);
  if (view.external.policy === "Cluster") return [MARK_RULE, `goto service-${base}`];
  const everywhere = view.cluster.length > 0 ? `goto service-${base}` : "return";
  const fromNode = "fib saddr type local";
  return [
    ...(clusterCidr === undefined
      ? []
      : [`${ip} saddr ${clusterCidr} ${everywhere} comment "short-circuit pod traffic"`]),
    `${fromNode} ${MARK_RULE} comment "masquerade local traffic"`,
    `${fromNode} ${everywhere} comment "short-circuit local traffic"`,
    ...(view.local.length > 0 ? [`goto local-${base}`] : []),
  ];
}

function firewallRule(view: ServiceView, context: RulesContext): string {
  const { ip } = wordsOf(context.family);
  return `${ip} saddr != { ${acceptedSources(view, context).join(" , ")} } drop`;
}

import type { ServiceTable } from "@kubehop/routing";
import { type RulesContext, type RulesOptions, toContext } from "../rules-options.ts";
import { type ServiceView, viewServices } from "../service-view.ts";
import { dispatchRules, filterRules } from "./dispatch-rules.ts";
import { chainLine } from "./rule.ts";
import { buildChains, type Chain } from "./service-chains.ts";
import { forwardRules, nodePortsRule, sharedFilter, sharedNat } from "./shared-rules.ts";
import type { TableText } from "./shared-rules.ts";

/** With more endpoints upstream leaves out the comments of endpoint rules, 40 % of the text. */
const LARGE_CLUSTER_ENDPOINTS = 1_000;

/**
 * The rules of kube-proxy's iptables mode in the form of `iptables-restore` (`ip6tables-restore`
 * for IPv6): tables filter and nat, with the jumps from the built-in chains.
 */
export function renderIptables(table: ServiceTable, options: RulesOptions = {}): string {
  const context = toContext(table, options);
  const views = viewServices(table, context);
  const chains = views.flatMap((view) =>
    buildChains(view, { ...context, endpointComments: !isLarge(table, context) }),
  );
  return [
    ...formatTable("filter", filterTable(views, context)),
    ...formatTable("nat", natTable(views, chains, context)),
    "",
  ].join("\n");
}

function isLarge(table: ServiceTable, context: RulesContext): boolean {
  const { service, ...whole } = context;
  const views = viewServices(table, service === undefined ? context : whole);
  const count = views.reduce((sum, { endpoints }) => sum + endpoints.length, 0);
  return count > LARGE_CLUSTER_ENDPOINTS;
}

function filterTable(views: readonly ServiceView[], context: RulesContext): TableText {
  const own = views.flatMap(filterRules);
  if (context.service !== undefined) return { chains: chainsNamedIn(own), rules: own };
  const shared = sharedFilter(context.family);
  return { chains: shared.chains, rules: [...shared.rules, ...own, ...forwardRules()] };
}

function natTable(
  views: readonly ServiceView[],
  chains: readonly Chain[],
  context: RulesContext,
): TableText {
  const own = [...views.flatMap(dispatchRules), ...chains.flatMap(({ rules }) => rules)];
  if (context.service !== undefined) return { chains: chainsNamedIn(own), rules: own };
  const shared = sharedNat();
  return {
    chains: [...shared.chains, ...chains.map(({ name }) => chainLine(name))],
    rules: [...shared.rules, ...own, nodePortsRule(context.family)],
  };
}

/** Rules of one Service alone still load: each chain they are in or jump to is made first. */
function chainsNamedIn(rules: readonly string[]): string[] {
  const names = rules.flatMap((text) =>
    [...text.matchAll(/^-A (\S+)| -j (KUBE-\S+)/g)].map(([, of, to]) => of ?? to ?? ""),
  );
  return [...new Set(names)].map(chainLine);
}

function formatTable(name: string, { chains, rules }: TableText): string[] {
  if (chains.length === 0) return [];
  return [`*${name}`, ...chains, ...rules, "COMMIT"];
}

import type { ServiceTable } from "@kubehop/routing";
import { type RulesContext, type RulesOptions, toContext } from "../rules-options.ts";
import { viewServices } from "../service-view.ts";
import { chainLine } from "./rule.ts";
import { isLargeCluster, type ServiceRules, serviceRules } from "./service-rules.ts";
import { IPTABLES_TABLES, type IptablesTable, sharedTable } from "./shared-rules.ts";

/**
 * The rules of kube-proxy's iptables mode in the form of `iptables-restore` (`ip6tables-restore`
 * for IPv6): tables filter and nat, with the jumps from the built-in chains.
 */
export function renderIptables(table: ServiceTable, options: RulesOptions = {}): string {
  const context = toContext(table, options);
  const endpointComments = !isLargeCluster(countEndpoints(table, context));
  const services = viewServices(table, context).map((view) =>
    serviceRules(view, { ...context, endpointComments }),
  );
  const texts = IPTABLES_TABLES.flatMap((name) =>
    context.service === undefined
      ? formatTable(name, services, context)
      : formatExcerpt(name, services),
  );
  return [...texts, ""].join("\n");
}

function countEndpoints(table: ServiceTable, context: RulesContext): number {
  const { service, ...whole } = context;
  const views = viewServices(table, service === undefined ? context : whole);
  return views.reduce((sum, { endpoints }) => sum + endpoints.length, 0);
}

function formatTable(
  name: IptablesTable,
  services: readonly ServiceRules[],
  { family }: RulesContext,
): string[] {
  const shared = sharedTable(name, family);
  const own = name === "nat" ? services.flatMap(({ chains }) => chains) : [];
  return [
    `*${name}`,
    ...[...shared.chains, ...own.map((chain) => chain.name)].map(chainLine),
    ...shared.jumps,
    ...shared.first,
    ...services.flatMap((service) => service[name]),
    ...own.flatMap(({ rules }) => rules),
    ...shared.last,
    "COMMIT",
  ];
}

/** Rules of one Service alone still load: each chain they are in or jump to is made first. */
function formatExcerpt(name: IptablesTable, services: readonly ServiceRules[]): string[] {
  const own = name === "nat" ? services.flatMap(({ chains }) => chains) : [];
  const rules = [
    ...services.flatMap((service) => service[name]),
    ...own.flatMap((chain) => chain.rules),
  ];
  if (rules.length === 0) return [];
  return [`*${name}`, ...chainsNamedIn(rules), ...rules, "COMMIT"];
}

function chainsNamedIn(rules: readonly string[]): string[] {
  const names = rules.flatMap((text) =>
    [...text.matchAll(/^-A (\S+)| -j (KUBE-\S+)/g)].map(([, of, to]) => of ?? to ?? ""),
  );
  return [...new Set(names)].map(chainLine);
}

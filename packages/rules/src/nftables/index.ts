import type { ServiceTable } from "@kubehop/routing";
import { type RulesContext, type RulesOptions, toContext } from "../rules-options.ts";
import { type ServiceView, viewServices } from "../service-view.ts";
import { type Element, elementsOf } from "./elements.ts";
import { wordsOf } from "./family-words.ts";
import { affinitySets, buildChains } from "./service-chains.ts";
import { declareTables, rejectChain, sharedRules } from "./shared-rules.ts";

/** The rules of kube-proxy's nftables mode as a script for `nft -f`: table ip (ip6) kube-proxy. */
export function renderNftables(table: ServiceTable, options: RulesOptions = {}): string {
  const context = toContext(table, options);
  const views = viewServices(table, context);
  const elements = views.flatMap(elementsOf);
  const head =
    context.service === undefined
      ? [...declareTables(context, () => true), ...rejectChain(context), ...sharedRules(context)]
      : excerptHead(elements, context);
  const written = new Set<string>();
  return [...head, ...views.flatMap((view) => serviceLines(view, context, written)), ""].join("\n");
}

/** Rules of one Service alone still load: what they name is declared first. */
function excerptHead(elements: readonly Element[], context: RulesContext): string[] {
  const used = new Set(elements.map(({ of }) => of));
  const rejects = elements.some(({ text }) => text.endsWith("goto reject-chain"));
  return [
    ...declareTables(context, (name) => used.has(name)),
    ...(rejects ? rejectChain(context) : []),
  ];
}

/** `written` holds the elements of earlier service ports: a cluster IP is added once. */
function serviceLines(view: ServiceView, context: RulesContext, written: Set<string>): string[] {
  const { ip } = wordsOf(context.family);
  const chains = buildChains(view, context);
  const lines = elementsOf(view)
    .map(({ of, text }) => `add element ${ip} kube-proxy ${of} { ${text} }`)
    .filter((line) => !written.has(line));
  for (const line of lines) written.add(line);
  return [
    `# ${view.name} ${view.protocol}`,
    ...affinitySets(view, context).map(
      ({ name, declaration }) => `add set ${ip} kube-proxy ${name} ${declaration}`,
    ),
    ...chains.map(({ name }) => `add chain ${ip} kube-proxy ${name}`),
    ...chains.flatMap(({ name, rules }) =>
      rules.map((text) => `add rule ${ip} kube-proxy ${name} ${text}`),
    ),
    ...new Set(lines),
  ];
}

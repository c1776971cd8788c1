import type { ServiceTable } from "@kubehop/routing";
import { type RulesContext, type RulesOptions, toContext } from "../rules-options.ts";
import { type ServiceView, viewServices } from "../service-view.ts";
import { commandText } from "./command-text.ts";
import { type Element, elementsOf } from "./elements.ts";
import { changeCommands, NOTHING, partOf } from "./part.ts";
import { declareTables, REJECT_CHAIN, rejectChain, sharedRules } from "./shared-rules.ts";

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
  const rejects = elements.some(({ verdict }) => {
    return typeof verdict === "object" && verdict.goto === REJECT_CHAIN;
  });
  return [
    ...declareTables(context, (name) => used.has(name)),
    ...(rejects ? rejectChain(context) : []),
  ];
}

/** `written` holds the elements of earlier service ports: a cluster IP is added once. */
function serviceLines(view: ServiceView, context: RulesContext, written: Set<string>): string[] {
  const own = changeCommands(NOTHING, partOf(view, context));
  const lines = elementsOf(view)
    .map((element) => commandText({ do: "add-element", element }, context.family))
    .filter((line) => !written.has(line));
  for (const line of lines) written.add(line);
  return [
    `# ${view.name} ${view.protocol}`,
    ...own.map((command) => commandText(command, context.family)),
    ...new Set(lines),
  ];
}

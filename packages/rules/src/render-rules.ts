import type { ServiceTable } from "@kubehop/routing";
import { renderIptables } from "./iptables/index.ts";
import { renderIpvs } from "./ipvs/index.ts";
import { renderNftables } from "./nftables/index.ts";
import type { RulesOptions } from "./rules-options.ts";

/** A proxy mode of kube-proxy that leaves rules in the kernel. */
export type RulesMode = "iptables" | "nftables" | "ipvs";

const RENDERERS: Readonly<
  Record<RulesMode, (table: ServiceTable, options: RulesOptions) => string>
> = { iptables: renderIptables, nftables: renderNftables, ipvs: renderIpvs };

/** Every mode, upstream's default first. */
export const RULES_MODES: readonly RulesMode[] = Object.keys(RENDERERS).filter(isRulesMode);

/** Whether rules can be rendered for a mode of that name. */
export function isRulesMode(text: string): text is RulesMode {
  return Object.hasOwn(RENDERERS, text);
}

/**
 * The rules with which kube-proxy in that mode would serve a table, as the text its tool reads:
 * `iptables-restore`, `nft -f` or `ipvsadm -R`. Pure; ends with a newline. It holds one IP family.
 */
export function renderRules(
  table: ServiceTable,
  { mode, ...options }: RulesOptions & { readonly mode: RulesMode },
): string {
  return RENDERERS[mode](table, options);
}

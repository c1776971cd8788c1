export { renderIptables } from "./iptables/index.ts";
export { renderIpvs } from "./ipvs/index.ts";
export { renderNftables } from "./nftables/index.ts";
export { isRulesMode, renderRules, RULES_MODES, type RulesMode } from "./render-rules.ts";
export { type RulesOptions } from "./rules-options.ts";

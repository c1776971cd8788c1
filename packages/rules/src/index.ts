export { renderIptables } from "./iptables/index.ts";
export { createIptablesPlanner, type IptablesPlanner } from "./iptables/planner.ts";
export { CANARY_CHAIN, removeIptables } from "./iptables/saved-tables.ts";
export { IPTABLES_TABLES, type IptablesTable } from "./iptables/shared-rules.ts";
export { renderIpvs } from "./ipvs/index.ts";
export type {
  NftCommand,
  NftDraw,
  NftRule,
  NftStatement,
  NftTarget,
  NftVerdict,
} from "./nftables/command.ts";
export { commandText } from "./nftables/command-text.ts";
export type { Element as NftElement } from "./nftables/elements.ts";
export { renderNftables } from "./nftables/index.ts";
export {
  createNftablesPlanner,
  type NftablesPlanner,
  type NftUnit,
  removeNftables,
} from "./nftables/planner.ts";
export { type KeyField, keyFieldsOf } from "./nftables/shared-rules.ts";
export type { NftSet } from "./nftables/service-chains.ts";
export { isRulesMode, renderRules, RULES_MODES, type RulesMode } from "./render-rules.ts";
export { createRulesContext, type RulesContext, type RulesOptions } from "./rules-options.ts";

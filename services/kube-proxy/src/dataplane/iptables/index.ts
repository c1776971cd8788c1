import { CANARY_CHAIN, createIptablesPlanner, IPTABLES_TABLES } from "@kubehop/rules";
import {
  type CreateRuleSyncer,
  type RuleSyncer,
  RulesError,
  rulesError,
  type RuleSyncerOptions,
} from "../kernel/rule-syncer.ts";
import { findIptables, type IptablesTools } from "./tools.ts";

/**
 * Creates what keeps kube-proxy's chains in iptables' tables nat and filter (and the canary in
 * mangle). A sync writes only the chains that changed, in one commit a table.
 */
export const createIptablesSyncer: CreateRuleSyncer = (options) => new IptablesSyncer(options);

class IptablesSyncer implements RuleSyncer {
  readonly #options: RuleSyncerOptions;
  readonly #planner;
  #tools: IptablesTools | undefined;
  #whole = true;

  constructor(options: RuleSyncerOptions) {
    this.#options = options;
    this.#planner = createIptablesPlanner(options.context);
    for (const table of IPTABLES_TABLES) {
      options.stats.iptables[table].total = () => this.#planner.ruleCount(table);
    }
  }

  get family() {
    return this.#options.context.family;
  }

  invalidate(): void {
    this.#whole = true;
  }

  async sync(diff: Parameters<RuleSyncer["sync"]>[0]): ReturnType<RuleSyncer["sync"]> {
    const changes = this.#planner.update(diff);
    const whole = this.#whole;
    this.#whole = true;
    try {
      await this.#restore(whole ? this.#planner.replaceAll(await this.#save()) : changes);
    } catch (error) {
      const { stats } = this.#options;
      stats.iptablesRestoreFailures += 1;
      if (!whole) stats.iptablesPartialRestoreFailures += 1;
      throw error;
    }
    this.#whole = false;
    return whole ? "full" : "partial";
  }

  /** Upstream looks for its canary in each table; flushing one takes all its chains. */
  async isIntact(): Promise<boolean> {
    const saved = await this.#save();
    return saved.split(`:${CANARY_CHAIN} `).length - 1 >= IPTABLES_TABLES.length + 1;
  }

  /** Rules stay in the kernel, as upstream: connections go on while no kube-proxy runs. */
  async [Symbol.asyncDispose](): Promise<void> {}

  async #restore(text: string): Promise<void> {
    const { commands, stats } = this.#options;
    if (text !== "") {
      const { restore } = await this.#find();
      const result = await commands.run(restore, text);
      if (result.code !== 0) throw rulesError(restore[0], result, text);
    }
    for (const table of IPTABLES_TABLES) stats.iptables[table].last = countRules(text, table);
  }

  async #save(): Promise<string> {
    const { save } = await this.#find();
    const result = await this.#options.commands.run(save);
    if (result.code !== 0) throw rulesError(save[0], result, "");
    return result.stdout;
  }

  async #find(): Promise<IptablesTools> {
    if (this.#tools !== undefined) return this.#tools;
    const found = await findIptables(this.#options.commands, this.family);
    if ("code" in found) throw new RulesError(`iptables cannot be used: ${found.stderr.trim()}`);
    this.#tools = found;
    return found;
  }
}

function countRules(text: string, table: string): number {
  const section = text.split(`*${table}\n`)[1]?.split("\nCOMMIT")[0] ?? "";
  return section.split("\n").filter((line) => /^-[AI] /.test(line)).length;
}

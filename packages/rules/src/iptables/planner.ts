import type { TableDiff } from "@kubehop/routing";
import type { RulesContext } from "../rules-options.ts";
import { orderOf } from "../service-view.ts";
import { createViewTracker } from "../view-tracker.ts";
import { chainLine } from "./rule.ts";
import { CANARY_CHAIN, readSavedTables, removalLines, type SavedTable } from "./saved-tables.ts";
import { isLargeCluster, type ServiceRules, serviceRules } from "./service-rules.ts";
import { IPTABLES_TABLES, type IptablesTable, sharedTable } from "./shared-rules.ts";

/**
 * Works out what `iptables-restore --noflush` must be given so that the kernel follows a service
 * table. Chains that a change does not concern are not written again (upstream's partial sync).
 */
export interface IptablesPlanner {
  /** Takes in what differs from the table before, and gives the text for it; "" for nothing. */
  update(diff: TableDiff): string;
  /** The text for everything, for a kernel that holds `saved`, as `iptables-save` prints it. */
  replaceAll(saved: string): string;
  /** Rules of ours in a table. */
  ruleCount(table: IptablesTable): number;
}

/** One service port with its rules. */
interface Entry {
  readonly order: string;
  readonly endpoints: number;
  readonly render: (endpointComments: boolean) => ServiceRules;
  rules: ServiceRules;
}

const NO_RULES: ServiceRules = { filter: [], nat: [], chains: [] };

/** Chains to write anew and chains to delete. */
interface ChainChanges {
  readonly written: Set<string>;
  readonly deleted: Set<string>;
}

/** Creates a planner for one IP family; the table before the first is the empty one. */
export function createIptablesPlanner(context: RulesContext): IptablesPlanner {
  return new Planner(context);
}

class Planner implements IptablesPlanner {
  readonly #context: RulesContext;
  readonly #views;
  readonly #entries = new Map<string, Entry>();
  /** Chains that are a service port's own, by name. */
  readonly #chains = new Map<string, readonly string[]>();
  #ordered: readonly Entry[] | undefined;
  #endpoints = 0;
  #endpointComments = true;

  constructor(context: RulesContext) {
    this.#context = context;
    this.#views = createViewTracker(context);
  }

  update(diff: TableDiff): string {
    const changes = { filter: noChanges(), nat: noChanges() };
    for (const { key, view } of this.#views.update(diff)) {
      const before = this.#entries.get(key);
      this.#remove(key, before);
      if (view !== undefined) {
        const render = (endpointComments: boolean): ServiceRules =>
          serviceRules(view, { ...this.#context, endpointComments });
        const rules = render(this.#endpointComments);
        this.#add(key, { order: orderOf(view), endpoints: view.endpoints.length, render, rules });
      }
      noteChanges(changes, before?.rules ?? NO_RULES, this.#entries.get(key)?.rules ?? NO_RULES);
    }
    this.#followClusterSize(changes);
    return this.#format(changes);
  }

  replaceAll(saved: string): string {
    const tables = readSavedTables(saved);
    const texts = IPTABLES_TABLES.map((name) => this.#formatWhole(name, tables.get(name)));
    return [`*mangle\n${chainLine(CANARY_CHAIN)}\nCOMMIT\n`, ...texts].join("");
  }

  ruleCount(table: IptablesTable): number {
    const { jumps, first, last } = sharedTable(table, this.#context.family);
    let count = jumps.length + first.length + last.length;
    for (const { rules } of this.#entries.values()) {
      count += rules[table].length;
      if (table === "nat") for (const chain of rules.chains) count += chain.rules.length;
    }
    return count;
  }

  #add(key: string, entry: Entry): void {
    this.#entries.set(key, entry);
    this.#endpoints += entry.endpoints;
    for (const { name, rules } of entry.rules.chains) this.#chains.set(name, rules);
  }

  #remove(key: string, entry: Entry | undefined): void {
    this.#ordered = undefined;
    if (entry === undefined) return;
    this.#entries.delete(key);
    this.#endpoints -= entry.endpoints;
    for (const { name } of entry.rules.chains) this.#chains.delete(name);
  }

  /** In a large cluster endpoint rules have no comments, so all of them change at that border. */
  #followClusterSize(changes: Record<IptablesTable, ChainChanges>): void {
    const endpointComments = !isLargeCluster(this.#endpoints);
    if (endpointComments === this.#endpointComments) return;
    this.#endpointComments = endpointComments;
    for (const entry of this.#entries.values()) {
      const before = entry.rules;
      entry.rules = entry.render(endpointComments);
      for (const { name, rules } of entry.rules.chains) this.#chains.set(name, rules);
      noteChanges(changes, before, entry.rules);
    }
  }

  #format(changes: Record<IptablesTable, ChainChanges>): string {
    return IPTABLES_TABLES.map((name) => {
      const { written, deleted } = changes[name];
      if (written.size + deleted.size === 0) return "";
      const shared = this.#sharedChains(name, written);
      const lines = [...written].flatMap(
        (chain) => shared.get(chain) ?? this.#chains.get(chain) ?? [],
      );
      return [
        `*${name}`,
        ...[...written, ...deleted].map(chainLine),
        ...lines,
        ...[...deleted].map((chain) => `-X ${chain}`),
        "COMMIT\n",
      ].join("\n");
    }).join("");
  }

  #formatWhole(name: IptablesTable, saved: SavedTable | undefined): string {
    const { chains, jumps } = sharedTable(name, this.#context.family);
    const shared = this.#sharedChains(name, new Set(chains));
    const own = name === "nat" ? this.#chains : new Map<string, readonly string[]>();
    const keeps = (chain: string): boolean =>
      shared.has(chain) || own.has(chain) || chain === CANARY_CHAIN;
    const stale = removalLines(saved, keeps);
    return [
      `*${name}`,
      ...[CANARY_CHAIN, ...chains, ...own.keys()].map(chainLine),
      ...stale.jumps,
      ...jumps.toReversed().map((line) => line.replace(/^-A (\S+)/, "-I $1 1")),
      ...[...shared.values(), ...own.values()].flat(),
      ...stale.chains,
      "COMMIT\n",
    ].join("\n");
  }

  /** The rules of those chains that all Services share. */
  #sharedChains(name: IptablesTable, wanted: ReadonlySet<string>): Map<string, string[]> {
    const { chains, first, last } = sharedTable(name, this.#context.family);
    const contents = new Map(
      chains.filter((chain) => wanted.has(chain)).map((chain): [string, string[]] => [chain, []]),
    );
    if (contents.size === 0) return contents;
    this.#ordered ??= [...this.#entries.values()].sort((a, b) => (a.order < b.order ? -1 : 1));
    const put = (line: string): void => void contents.get(chainOf(line))?.push(line);
    first.forEach(put);
    for (const { rules } of this.#ordered) rules[name].forEach(put);
    last.forEach(put);
    return contents;
  }
}

function noChanges(): ChainChanges {
  return { written: new Set(), deleted: new Set() };
}

function noteChanges(
  changes: Record<IptablesTable, ChainChanges>,
  before: ServiceRules,
  after: ServiceRules,
): void {
  for (const name of IPTABLES_TABLES) noteSharedChanges(changes[name], before[name], after[name]);
  const known = new Map(before.chains.map(({ name, rules }) => [name, rules]));
  for (const { name, rules } of after.chains) {
    if (!sameLines(known.get(name) ?? [], rules)) changes.nat.written.add(name);
    known.delete(name);
  }
  for (const name of known.keys()) changes.nat.deleted.add(name);
}

function noteSharedChanges(
  { written }: ChainChanges,
  before: readonly string[],
  after: readonly string[],
): void {
  if (sameLines(before, after)) return;
  const [known, present] = [new Set(before), new Set(after)];
  for (const line of before) if (!present.has(line)) written.add(chainOf(line));
  for (const line of after) if (!known.has(line)) written.add(chainOf(line));
}

function sameLines(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((line, index) => line === b[index]);
}

/** `-A KUBE-SERVICES …` → KUBE-SERVICES. */
function chainOf(line: string): string {
  return line.slice(3, line.indexOf(" ", 3));
}

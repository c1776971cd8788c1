import type { TableDiff } from "@kubehop/routing";
import { isDeepStrictEqual } from "node:util";
import type { RulesContext } from "../rules-options.ts";
import type { ServiceView } from "../service-view.ts";
import { createViewTracker } from "../view-tracker.ts";
import type { NftCommand } from "./command.ts";
import { createElementIndex, type ElementChange } from "./element-index.ts";
import { elementsOf } from "./elements.ts";
import { wordsOf } from "./family-words.ts";
import { affinitySets, buildChains, type NftChain, type NftSet } from "./service-chains.ts";
import { declareTables, rejectChain, sharedRules } from "./shared-rules.ts";

/** Commands that belong in one transaction. */
export type NftUnit = readonly NftCommand[];

/**
 * Works out which commands make the kernel follow a service table. The units of one
 * answer are best applied in one transaction; where the kernel takes none so large, in several, in
 * their order: each leaves every service port whole.
 */
export interface NftablesPlanner {
  /** Takes in what differs from the table before, and gives what it takes. */
  update(diff: TableDiff): NftUnit[];
  /** Everything, in place of whatever is in the kernel. */
  replaceAll(): NftUnit[];
  /**
   * Deletes chains that are out of use and empty. For a transaction of its own after the others, as
   * upstream: not every kernel lets go of a map's verdict and its chain at once.
   */
  takeStale(): NftCommand[];
}

/** What one service port has of its own. */
interface Part {
  readonly sets: readonly NftSet[];
  readonly chains: readonly NftChain[];
}

const NOTHING: Part = { sets: [], chains: [] };

/** Creates a planner for one IP family; the table before the first is the empty one. */
export function createNftablesPlanner(context: RulesContext): NftablesPlanner {
  const table = `${wordsOf(context.family).ip} kube-proxy`;
  const views = createViewTracker(context);
  const parts = new Map<string, Part>();
  const elements = createElementIndex();
  const stale = new Set<string>();

  function take(key: string, view: ServiceView | undefined): NftUnit {
    const before = parts.get(key) ?? NOTHING;
    const after = view === undefined ? NOTHING : partOf(view, context);
    if (view === undefined) parts.delete(key);
    else parts.set(key, after);
    elements.set(key, view === undefined ? [] : elementsOf(view));
    for (const { name } of before.chains) stale.add(name);
    for (const { name } of after.chains) stale.delete(name);
    return changeCommands(before, after);
  }

  return {
    update(diff) {
      const units = views.update(diff).map(({ key, view }) => take(key, view));
      const changed = elements.takeChanges().map(elementCommands);
      return [...units, ...changed].filter((unit) => unit.length > 0);
    },
    replaceAll() {
      stale.clear();
      elements.takeChanges();
      const head = [
        `add table ${table}`,
        `delete table ${table}`,
        ...declareTables(context, () => true),
        ...rejectChain(context),
        ...sharedRules(context),
      ].map((text): NftCommand => ({ do: "line", text }));
      const own = [...parts.values()].map((part) => changeCommands(NOTHING, part));
      const shared = elements.all().map((element): NftUnit => [{ do: "add-element", element }]);
      return [head, ...own, ...shared];
    },
    takeStale() {
      const commands = [...stale].map((chain): NftCommand => ({ do: "delete-chain", chain }));
      stale.clear();
      return commands;
    },
  };
}

/** Takes everything of kube-proxy out of the kernel, for a table that may not be there. */
export function removeNftables({ family }: Pick<RulesContext, "family">): string {
  const table = `${wordsOf(family).ip} kube-proxy`;
  return `add table ${table}\ndelete table ${table}\n`;
}

function partOf(view: ServiceView, context: RulesContext): Part {
  return { sets: affinitySets(view), chains: buildChains(view, context) };
}

/** What makes one service port's chains and sets of the one state those of the other. */
function changeCommands(before: Part, after: Part): NftCommand[] {
  const known = new Map(before.chains.map(({ name, rules }) => [name, rules]));
  const present = new Set([...after.chains, ...after.sets].map(({ name }) => name));
  const declared = new Map(before.sets.map(({ name, timeoutSeconds }) => [name, timeoutSeconds]));
  const changedSets = after.sets.filter(({ name, timeoutSeconds }) => {
    return declared.has(name) && declared.get(name) !== timeoutSeconds;
  });
  // A set cannot be declared otherwise while rules use it: all rules of the port are written anew.
  const everything = changedSets.length > 0;
  const written = after.chains.filter(({ name, rules }) => {
    return everything || !isDeepStrictEqual(known.get(name), rules);
  });
  const flushed = [
    ...written.filter(({ name }) => known.has(name)),
    ...before.chains.filter(({ name }) => !present.has(name)),
  ];
  const newSets = after.sets.filter(({ name }) => !declared.has(name));
  const chainCommand = (what: "flush-chain" | "add-chain") => {
    return ({ name }: NftChain): NftCommand => ({ do: what, chain: name });
  };
  return [
    ...flushed.map(chainCommand("flush-chain")),
    ...[...changedSets, ...before.sets.filter(({ name }) => !present.has(name))].map(
      ({ name }): NftCommand => ({ do: "delete-set", name }),
    ),
    ...[...changedSets, ...newSets].map((set): NftCommand => ({ do: "add-set", set })),
    ...written.filter(({ name }) => !known.has(name)).map(chainCommand("add-chain")),
    ...written.flatMap(({ name, rules }) =>
      rules.map((rule): NftCommand => ({ do: "add-rule", chain: name, rule })),
    ),
  ];
}

function elementCommands({ deleted, added }: ElementChange): NftCommand[] {
  return [
    ...(deleted === undefined ? [] : [{ do: "delete-element", element: deleted } as const]),
    ...(added === undefined ? [] : [{ do: "add-element", element: added } as const]),
  ];
}

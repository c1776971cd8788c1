import type { TableDiff } from "@kubehop/routing";
import type { RulesContext } from "../rules-options.ts";
import type { ServiceView } from "../service-view.ts";
import { createViewTracker } from "../view-tracker.ts";
import type { NftCommand } from "./command.ts";
import { createElementIndex, type ElementChange } from "./element-index.ts";
import { elementsOf } from "./elements.ts";
import { wordsOf } from "./family-words.ts";
import { changeCommands, NOTHING, type Part, partOf } from "./part.ts";
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

function elementCommands({ deleted, added }: ElementChange): NftCommand[] {
  return [
    ...(deleted === undefined ? [] : [{ do: "delete-element", element: deleted } as const]),
    ...(added === undefined ? [] : [{ do: "add-element", element: added } as const]),
  ];
}

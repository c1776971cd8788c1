import { isDeepStrictEqual } from "node:util";
import type { RulesContext } from "../rules-options.ts";
import type { ServiceView } from "../service-view.ts";
import type { NftCommand } from "./command.ts";
import { affinitySets, buildChains, type NftChain, type NftSet } from "./service-chains.ts";

/** What one service port has of its own. */
export interface Part {
  readonly sets: readonly NftSet[];
  readonly chains: readonly NftChain[];
}

/** What one has that is not there. */
export const NOTHING: Part = { sets: [], chains: [] };

/** What it has by its view. */
export function partOf(view: ServiceView, context: RulesContext): Part {
  return { sets: affinitySets(view), chains: buildChains(view, context) };
}

/** What makes one service port's chains and sets of the one state those of the other. */
export function changeCommands(before: Part, after: Part): NftCommand[] {
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

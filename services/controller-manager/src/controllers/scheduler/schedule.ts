import type { Pod } from "@kubehop/api";
import { controllerOf } from "../../owners.ts";
import { isTerminal } from "../../pods.ts";
import { type NodeState, reasonAgainst } from "./filter.ts";

/** Where a pod goes, or why nowhere. */
export type Decision = { readonly node: string } | { readonly message: string };

/**
 * Picks a node: of those that nothing speaks against, the one with the fewest pods of the same
 * owner, then the fewest pods, then the first by name, so that the same cluster always gives the
 * same answer. The message is kube-scheduler's.
 */
export function schedule(pod: Pod, nodes: readonly NodeState[]): Decision {
  const reasons = new Map<string, number>();
  const feasible: NodeState[] = [];
  for (const state of nodes) {
    const reason = reasonAgainst(pod, state);
    if (reason === undefined) feasible.push(state);
    else reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
  }
  const owner = controllerOf(pod)?.uid;
  const scored = feasible.map((state) => ({
    name: state.node.metadata.name,
    ...score(state, owner),
  }));
  scored.sort((a, b) => a.siblings - b.siblings || a.pods - b.pods || (a.name < b.name ? -1 : 1));
  const [best] = scored;
  return best === undefined ? { message: refusal(nodes.length, reasons) } : { node: best.name };
}

function score(
  { pods }: NodeState,
  owner: string | undefined,
): { readonly siblings: number; readonly pods: number } {
  const live = pods.filter((pod) => !isTerminal(pod));
  const siblings = live.filter((pod) => owner !== undefined && controllerOf(pod)?.uid === owner);
  return { siblings: siblings.length, pods: live.length };
}

function refusal(total: number, reasons: ReadonlyMap<string, number>): string {
  if (total === 0) return "no nodes available to schedule pods";
  const texts = [...reasons].map(([reason, count]) => `${count} ${reason}`).toSorted();
  return `0/${total} nodes are available: ${texts.join(", ")}.`;
}

import { Kinds, type Node } from "@kubehop/api";
import type { RestClient } from "@kubehop/client/api-server";

/**
 * Waits until that many nodes are Ready, so that the scheduler has all of them to spread pods
 * over. Throws when the signal aborts.
 */
export async function waitForNodes(
  rest: RestClient,
  count: number,
  signal: AbortSignal,
): Promise<void> {
  const ready = new Set<string>();
  for (;;) {
    signal.throwIfAborted();
    for await (const { object } of rest.watch(Kinds.Node, { signal })) {
      if (isNodeReady(object)) ready.add(object.metadata.name);
      if (ready.size >= count) return;
    }
  }
}

function isNodeReady(node: Node): boolean {
  const conditions = node.status?.conditions ?? [];
  return conditions.some(({ type, status }) => type === "Ready" && status === "True");
}

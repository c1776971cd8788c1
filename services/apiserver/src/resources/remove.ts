import type { Kind, KubeObject } from "@kubehop/api";
import type { Entry } from "../storage/entry.ts";
import type { Resources } from "./resources.ts";

/** Deletes an object for good and gives back what was allocated to it. */
export async function removeObject(
  resources: Resources,
  kind: Kind,
  { current, final }: { readonly current: Entry; readonly final: KubeObject },
): Promise<Entry> {
  const entry = await resources.store.delete(current, final);
  await resources.allocationOf(kind)?.release(current.object);
  return entry;
}

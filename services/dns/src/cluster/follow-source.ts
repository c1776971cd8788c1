import { namespacedName } from "@kubehop/api";
import type { Change, Stored } from "@kubehop/client";
import type { ObjectSource } from "./cluster-source.ts";

/** Hands on every object there is as a change, then every change. */
export function followSource<T extends Stored>(
  source: ObjectSource<T>,
  onChange: (change: Change<T>) => void,
): void {
  source.onChange(onChange);
  for (const current of source.store.list()) onChange({ key: namespacedName(current), current });
  source.start();
}

import { type CustomResourceDefinition, type Kind, Kinds, registryPrefix } from "@kubehop/api";
import type { Logger } from "@kubehop/kit";
import { type Entry, resourceOfKey } from "../storage/entry.ts";
import type { WatchCache } from "../watch/cache.ts";
import { customKindsOf } from "./custom-kind.ts";
import type { KindTable } from "./kind-table.ts";

/** Registry keys of definitions begin with this. */
const PREFIX = registryPrefix(Kinds.CustomResourceDefinition).slice(0, -1);

/** What following the definitions needs. */
export interface DefinitionsDeps {
  readonly cache: WatchCache;
  readonly kinds: KindTable;
  readonly logger: Logger;
}

/** Every CustomResourceDefinition the cache knows. */
export function allDefinitions(cache: WatchCache): CustomResourceDefinition[] {
  return cache.list(PREFIX).entries.map(({ object }) => object as CustomResourceDefinition);
}

/**
 * Keeps the table of kinds as the definitions in the registry have it, whichever API server wrote
 * them: it has changed before anybody else hears of a write. `onChange` is told the names of
 * definitions that changed. A definition that can't be served is left out and logged.
 */
export function followDefinitions(
  { cache, kinds, logger }: DefinitionsDeps,
  onChange: (name: string) => void,
): Disposable {
  const known = new WeakMap<Entry, readonly Kind[]>();
  const kindsOf = (entry: Entry): readonly Kind[] => {
    const before = known.get(entry);
    if (before !== undefined) return before;
    const found = tryKindsOf(entry, logger);
    known.set(entry, found);
    return found;
  };
  const update = (): void => kinds.setCustom(cache.list(PREFIX).entries.flatMap(kindsOf));
  let subscription: Disposable | undefined;
  const subscribe = (): void => {
    update();
    for (const { metadata } of allDefinitions(cache)) onChange(metadata.name);
    subscription = cache.subscribe(resourceOfKey(PREFIX), cache.revision(), {
      onEvent({ entry }) {
        update();
        onChange(entry.object.metadata.name);
      },
      onReset: subscribe,
    });
  };
  subscribe();
  return { [Symbol.dispose]: () => subscription?.[Symbol.dispose]() };
}

function tryKindsOf(entry: Entry, logger: Logger): readonly Kind[] {
  try {
    return customKindsOf(entry.object as CustomResourceDefinition);
  } catch (err) {
    logger.error({ key: entry.key, err }, "a CustomResourceDefinition can't be served");
    return [];
  }
}

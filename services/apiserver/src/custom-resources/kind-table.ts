import { Kinds, type Kind, OtherVersions } from "@kubehop/api";

/** The kinds this server serves now: the built-in ones and those of CustomResourceDefinitions. */
export interface KindTable {
  /** The kind behind a path, e.g. ('apps', 'v1', 'deployments'); undefined when unknown. */
  byPlural(group: string, version: string, plural: string): Kind | undefined;
  /** All of them, the built-in ones first; another array whenever one came, changed or went. */
  kinds(): readonly Kind[];
  /** Replaces the custom kinds; one at the path of a built-in kind is left out. */
  setCustom(kinds: readonly Kind[]): void;
}

/** The built-in kinds. */
const BUILT_IN = [...(Object.values(Kinds) as unknown as readonly Kind[]), ...OtherVersions];

/** Creates a table that holds the built-in kinds alone. */
export function createKindTable(): KindTable {
  const builtIn = new Map(BUILT_IN.map((kind) => [pathOf(kind), kind]));
  let all = BUILT_IN;
  let byPath: ReadonlyMap<string, Kind> = builtIn;
  return {
    byPlural: (group, version, plural) => byPath.get(pathOf({ group, version, plural })),
    kinds: () => all,
    setCustom(kinds) {
      const added = kinds.filter((kind) => !builtIn.has(pathOf(kind)));
      all = [...BUILT_IN, ...added];
      byPath = new Map(all.map((kind) => [pathOf(kind), kind]));
    },
  };
}

/** A function of the table's kinds that is computed once for each state of the table. */
export function derivedFrom<T>(
  table: Pick<KindTable, "kinds">,
  derive: (kinds: readonly Kind[]) => T,
): () => T {
  let known: { readonly kinds: readonly Kind[]; readonly value: T } | undefined;
  return () => {
    const kinds = table.kinds();
    if (known?.kinds !== kinds) known = { kinds, value: derive(kinds) };
    return known.value;
  };
}

function pathOf({ group, version, plural }: Pick<Kind, "group" | "version" | "plural">): string {
  return `${group}/${version}/${plural}`;
}

/** A chain that is looked for now and then: without it, somebody has emptied the tables. */
export const CANARY_CHAIN = "KUBE-PROXY-CANARY";

/** What `iptables-save` says of one table, as far as it is kube-proxy's. */
export interface SavedTable {
  /** Chains of kube-proxy. */
  readonly chains: readonly string[];
  /** Rules of built-in chains that jump to them, as `-A` lines. */
  readonly jumps: readonly string[];
}

/** Every chain that kube-proxy makes, and no other component's KUBE- chains. */
const OUR_CHAIN =
  /^KUBE-((SVC|SVL|EXT|FW|SEP)-[A-Z2-7]{16}|SERVICES|EXTERNAL-SERVICES|FORWARD|NODEPORTS|PROXY-FIREWALL|POSTROUTING|MARK-MASQ|FIREWALL|PROXY-CANARY)$/;

/** Reads the output of `iptables-save` (or `ip6tables-save`), by table. */
export function readSavedTables(saved: string): ReadonlyMap<string, SavedTable> {
  const tables = new Map<string, { chains: string[]; jumps: string[] }>();
  let current = { chains: [] as string[], jumps: [] as string[] };
  for (const line of saved.split("\n")) {
    const [, table] = /^\*(\S+)/.exec(line) ?? [];
    const [, chain] = /^:(\S+)/.exec(line) ?? [];
    if (table !== undefined) {
      current = { chains: [], jumps: [] };
      tables.set(table, current);
    } else if (chain !== undefined) {
      if (OUR_CHAIN.test(chain)) current.chains.push(chain);
    } else if (isJump(line)) current.jumps.push(line);
  }
  return tables;
}

/** Lines that delete what a table holds and `keeps` does not: jumps always, chains last. */
export function removalLines(
  saved: SavedTable | undefined,
  keeps: (chain: string) => boolean,
): { readonly jumps: readonly string[]; readonly chains: readonly string[] } {
  const stale = (saved?.chains ?? []).filter((chain) => !keeps(chain));
  return {
    jumps: [
      ...(saved?.jumps ?? []).map((line) => line.replace(/^-A/, "-D")),
      ...stale.map((chain) => `-F ${chain}`),
    ],
    chains: stale.map((chain) => `-X ${chain}`),
  };
}

/**
 * The text for `iptables-restore --noflush` that takes every rule and chain of kube-proxy out of a
 * kernel that holds `saved`; "" when there is none.
 */
export function removeIptables(saved: string): string {
  return [...readSavedTables(saved)]
    .filter(([, { chains, jumps }]) => chains.length + jumps.length > 0)
    .map(([name, table]) => {
      const { jumps, chains } = removalLines(table, () => false);
      return [`*${name}`, ...jumps, ...chains, "COMMIT\n"].join("\n");
    })
    .join("");
}

function isJump(line: string): boolean {
  const [, from = "", to = ""] = /^-A (\S+) .*-j (\S+)/.exec(line) ?? [];
  return OUR_CHAIN.test(to) && !OUR_CHAIN.test(from);
}
